#pragma once

#include <optional>

#include "converters/named_tensors.h"
#include "converters/recognise.h"
#include "models/blocks/resnet_trunk.h"

namespace ink {

// torchvision's ResNets of any depth and width, SimCLR's encoder, and ResNets of keras.applications, V1 and
// V2, by their names and shapes.
Result<std::optional<Recognised>> recognise_resnet_model(const TensorSource& source,
                                                         const RecogniseOptions& options);

// The sizes of a trunk of keras.applications, V1 or V2; nothing where there is none.
std::optional<ResNetSizes> keras_resnet_sizes(const NamedTensors& tensors);

}  // namespace ink
