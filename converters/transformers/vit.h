#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// ViT and DINOv2 under transformers' names, bare or with a classifier, which is left over.
Result<std::optional<Recognised>> recognise_vit(const TensorSource& source, const RecogniseOptions& options);

}  // namespace ink
