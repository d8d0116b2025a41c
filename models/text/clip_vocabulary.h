#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernels/base/result.h"
#include "models/text/byte_pairs.h"
#include "models/text/special_tokens.h"
#include "models/text/token_table.h"

namespace ink {

// What becomes of "<|endoftext|>" in a text where it was not cut out as a token.
enum class SpecialWords {
  none,   // nothing of its own: signs, letters and signs, which may join what is round them
  split,  // three words of its own: signs, letters and signs
  whole,  // one word
};

// What the released forms of CLIP's vocabulary hold.
struct ClipVocabulary {
  TokenTable tokens;
  BytePairs pairs;
  Specials specials;
  int32_t start = 0, end = 0, pad = 0;
  SpecialWords special_words = SpecialWords::split;
  std::optional<int> length;  // in tokens
};

// What CLIP's tokenizer in the library tokenizers does to a text before it looks for words.
std::string clean_as_tokenizers(std::string_view utf8);

// bpe_simple_vocab_16e6.txt: a first line of its own, then a merge a line, of which as many count as the
// 49,408 tokens have room for. Error (model): as BytePairs says, with the file and the line.
Result<ClipVocabulary> read_simple_vocabulary(std::string_view text, const std::string& file);

// vocab.json, tokens and their ids, and merges.txt, a merge a line after "#version".
struct VocabularyAndMerges {
  std::string_view vocabulary, merges;
  std::string vocabulary_file, merges_file;
};
Result<ClipVocabulary> read_vocabulary_and_merges(const VocabularyAndMerges& files,
                                                  const TokenizerSettings& settings);

// A tokenizer.json whose model is "BPE". Error (model): also where it does something to a text that CLIP's
// tokenizer does not do.
Result<ClipVocabulary> read_clip_json(const Json& tokenizer, const TokenizerSettings& settings,
                                      const std::string& file);

}  // namespace ink
