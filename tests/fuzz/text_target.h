#pragma once

#include <string>
#include <string_view>

#include "models/text/tokenizer.h"
#include "tests/fuzz/fuzz.h"

// What the two targets of tokenizers share. An input is "@@name\n" and a file's bytes, again for each file;
// the last one, named "text", is what is tokenized.

namespace ink::fuzz {

Input pack_tokenizer(const TokenizerFiles& files, const std::string& text);

// Opens the files and tokenizes the text. 1: the files were understood, or refused for what they say once
// they were read.
int run_tokenizer(std::string_view input, const TokenizerOptions& options);

// Changes the text often, and the files seldom, so that most stay what they are.
void mutate_tokenizer(Input& input, Random& random);

}  // namespace ink::fuzz
