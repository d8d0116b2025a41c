#pragma once

#include <string_view>

#include "kernels/base/function_ref.h"
#include "models/text/clip_vocabulary.h"
#include "models/text/tokenizer.h"

namespace ink {

struct ClipWordRules {
  ClipCleaning cleaning;
  SpecialWords special_words;
};

// Calls `word` with each word of a cleaned text, from the left, until it answers false. A word is one of
//   <|startoftext|> <|endoftext|> (see SpecialWords)  's 't 're 've 'm 'll 'd  letters  one number  other
//   signs
// the first of these that fits; white space belongs to none.
void each_clip_word(std::u32string_view text, const ClipWordRules& rules,
                    FunctionRef<bool(std::u32string_view)> word);

}  // namespace ink
