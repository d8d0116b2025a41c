#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/text/tokenizer.h"

namespace ink::test {

using Merges = std::vector<std::pair<std::string, std::string>>;

// The forms in which CLIP's vocabulary is released, of these merges.
std::string simple_vocabulary(const Merges& merges);
std::string gzipped(const std::string& text);
// The merges that count in the released bpe_simple_vocab_16e6.txt.gz.
Merges merges_of(const std::string& released_gz);
std::string vocabulary_json(const Merges& merges);
std::string merges_txt(const Merges& merges);
std::string clip_json(const Merges& merges);
// What says that the start token is looked for in the cleaned text.
std::string clip_special_tokens();

// Those of BERT's.
std::string word_list(const std::vector<std::string>& tokens);
std::string word_piece_json(const std::vector<std::string>& tokens);
inline constexpr const char* kCasedConfig = R"({"do_lower_case": false, "model_max_length": 128})";

}  // namespace ink::test
