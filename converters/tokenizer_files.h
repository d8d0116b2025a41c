#pragma once

#include <string>

#include "kernels/base/result.h"
#include "models/text/tokenizer.h"

namespace ink {

struct FoundTokenizer {
  TokenizerFiles files;  // empty where none was found
  std::string folder;    // with a '/' at its end; for TokenizerOptions::origin
  std::string lacks;     // where none was found: the file that would complete one, if the other half is there
};

// The files of the tokenizer that belongs to a checkpoint, which is a file or a folder. A folder is looked
// through in this order: itself, 0_CLIPModel/, 0_Transformer/, assets/, and, where it is a part of a
// sentence-transformers folder (modules.json beside it), the folder that it lies in. Beside a file, its
// folder is. The first folder that has a whole form counts. Errors: limit (a file is larger than any
// tokenizer's), io, no_input (a file that is there cannot be read).
Result<FoundTokenizer> find_tokenizer(const std::string& checkpoint);

// The tokenizer at a path given by name: a folder that holds its files, or one file (tokenizer.json,
// vocab.txt, vocab.json with merges.txt beside it, bpe_simple_vocab_16e6.txt.gz; a file with another name is
// taken for what its content is). Errors as above; no_input: it has no tokenizer.
Result<FoundTokenizer> read_tokenizer(const std::string& path);

}  // namespace ink
