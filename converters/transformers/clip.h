#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// CLIP under transformers' names, alone or as a part of a sentence-transformers folder, and under OpenAI's,
// as a state dict, TorchScript or the model of a training checkpoint.
Result<std::optional<Recognised>> recognise_clip(const TensorSource& source, const RecogniseOptions& options);

}  // namespace ink
