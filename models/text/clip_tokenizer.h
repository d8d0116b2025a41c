#pragma once

#include <memory>

#include "models/text/clip_vocabulary.h"
#include "models/text/tokenizer.h"

namespace ink {

// CLIP's tokenizer. max_length at least 2.
std::unique_ptr<Tokenizer> make_clip_tokenizer(ClipVocabulary vocabulary, ClipCleaning cleaning,
                                               int max_length);

}  // namespace ink
