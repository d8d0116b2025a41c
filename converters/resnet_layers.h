#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// torchvision's ResNets of any depth and width, SimCLR's encoder, and ResNets of keras.applications, V1 and
// V2, by their names and shapes.
Result<std::optional<Recognised>> recognise_resnet_model(const TensorSource& source,
                                                         const RecogniseOptions& options);

}  // namespace ink
