#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "models/text/special_tokens.h"
#include "models/text/token_table.h"
#include "models/text/tokenizer.h"

namespace ink {

// BERT's cased vocabulary and what is done to a text with it.
struct WordPieceVocabulary {
  TokenTable tokens;
  Specials specials;
  int32_t start = 0, end = 0, pad = 0, unknown = 0;
  std::string inside = "##";   // before a token that does not begin a word
  int32_t longest_word = 100;  // in code points; a longer one is unknown
  bool split_ideographs = true;
  std::optional<int> length;  // in tokens
};

// vocab.txt: a token a line, whose number from 0 is its id; the later of two same ones counts. Error (model):
// [UNK], [CLS] or [SEP] is missing, or the settings ask for what is not understood: lower case.
Result<WordPieceVocabulary> read_word_list(std::string_view text, const TokenizerSettings& settings,
                                           const std::string& file, const std::string& origin);

// A tokenizer.json whose model is "WordPiece". Error (model): as above, in its own terms.
Result<WordPieceVocabulary> read_word_piece_json(const Json& tokenizer, const TokenizerSettings& settings,
                                                 const std::string& file);

// max_length at least 2.
std::unique_ptr<Tokenizer> make_word_piece_tokenizer(WordPieceVocabulary vocabulary, int max_length);

}  // namespace ink
