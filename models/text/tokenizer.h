#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"

namespace ink {

// Turns a text into the token ids that a model's original tokenizer gives. Immutable: many threads may share
// one.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // The ids of one text with its start and end token, cut to max_length() as the original cuts it, not
  // padded: an empty text is the start and the end token. Error (bad_input): the text is not UTF-8, with the
  // offset of the first wrong byte; (limit): it is longer than kLongestText.
  virtual Result<std::vector<int32_t>> encode(std::string_view utf8) const = 0;

  virtual int max_length() const = 0;  // of encode()'s result; at least 2
  virtual int32_t start_id() const = 0;
  virtual int32_t end_id() const = 0;
  virtual int32_t pad_id() const = 0;  // what the original pads a batch with
  // One more than the largest id; a model's embedding needs that many rows.
  virtual int vocabulary_size() const = 0;
  virtual std::string_view kind() const = 0;  // "clip" or "wordpiece"
  // What is done to a text before it is cut into words, for `info`: "openai", "huggingface" or "cased".
  virtual std::string_view cleaning() const = 0;

  static constexpr size_t kLongestText = size_t{4} << 20;
};

// CLIP's two published tokenizers share their vocabulary, and clean a text in different ways.
enum class ClipCleaning {
  openai,       // clip.tokenize: mojibake, entities, widths and quotes are repaired, case folded with context
  huggingface,  // transformers and tokenizer.json: NFC and case a character at a time
};

// A tokenizer's files by their plain names ("vocab.txt"), with their bytes.
using TokenizerFiles = std::map<std::string, std::string, std::less<>>;

struct TokenizerOptions {
  // Unset: openai for bpe_simple_vocab_16e6.txt, huggingface for the other forms.
  std::optional<ClipCleaning> cleaning;
  // Unset: what the files say, else 77 for CLIP and 512 for WordPiece.
  std::optional<int> max_length;
  // Leads a message, before a file's name: "dir/" gives "dir/vocab.txt: ...".
  std::string origin;
};

// The names that open_tokenizer() reads, those that are enough by themselves or with the one beside them
// first: tokenizer.json, vocab.json + merges.txt, vocab.txt, bpe_simple_vocab_16e6.txt[.gz]; and those that
// only say more: tokenizer_config.json, special_tokens_map.json, sentence_bert_config.json.
std::vector<std::string_view> tokenizer_file_names();

// Whether the files have a tokenizer among them, by their names alone.
bool has_tokenizer(const TokenizerFiles& files);

// The tokenizer that the files hold; what it is, their content says. With several forms among them the
// first in the order of tokenizer_file_names() counts. Error (model): no form is complete, a file is not what
// its name says, or it asks for something that is not understood; one sentence that names the file.
Result<std::unique_ptr<Tokenizer>> open_tokenizer(const TokenizerFiles& files,
                                                  const TokenizerOptions& options = {});

// Those of the files that open_tokenizer() with these options and these files needs, to be kept in a model
// file as U8 tensors called kTokenizerPrefix + name.
TokenizerFiles needed_files(const TokenizerFiles& files);
inline constexpr std::string_view kTokenizerPrefix = "tokenizer/";

}  // namespace ink
