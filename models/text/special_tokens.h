#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/text/added_tokens.h"
#include "models/text/json.h"
#include "models/text/token_table.h"
#include "models/text/tokenizer.h"

namespace ink {

constexpr int32_t kMostTokenId = (1 << 22) - 1;

// What tokenizer_config.json, special_tokens_map.json and sentence_bert_config.json, which may lie beside a
// vocabulary, say of a tokenizer.
struct TokenizerSettings {
  struct Special {
    std::string text;
    bool normalized = false;  // looked for in the cleaned text, not in the raw one
  };
  std::map<std::string, Special, std::less<>> special;  // by role: "pad_token"
  std::optional<int> sentence_length, model_length;     // in tokens
  bool do_lower_case = false, strip_accents = false, split_ideographs = true;
};

// Error (model): one of the files is not JSON, or a value is of a wrong kind.
Result<TokenizerSettings> read_settings(const TokenizerFiles& files, const std::string& origin);

// Tokens that a text may hold: raw ones are cut out first, cleaned ones once the rest is cleaned.
struct Specials {
  AddedTokens raw, cleaned;
};

// The "added_tokens" of a tokenizer.json; those that the vocabulary lacks are added to `tokens`. `clean` is
// what the tokenizer does to a text. Error (model): a token has no id or is not plain text.
using CleanText = std::string (*)(std::string_view);
Result<Specials> read_added_tokens(const Json& tokenizer, TokenTable& tokens, CleanText clean,
                                   const std::string& file);

// The tokens of the settings' roles, or of `defaults` where they name none, as far as they are tokens.
Specials specials_of(const TokenizerSettings& settings,
                     const std::vector<std::pair<std::string_view, std::string_view>>& defaults,
                     const TokenTable& tokens, CleanText clean);

// The ids that "post_processor" of a tokenizer.json puts before and behind a text; nothing where it is null.
// Error (model): it is another processor, or one of the ids lies beyond those of `tokens`.
struct Frame {
  int32_t start, end;
};
Result<std::optional<Frame>> read_frame(const Json& tokenizer, const TokenTable& tokens,
                                        const std::string& file);

}  // namespace ink
