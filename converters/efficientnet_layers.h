#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// EfficientNets of keras.applications and of transformers, B0 to B7 and others that differ from these in
// width and depth. Strides and paddings, which no shape shows, are those that the configuration beside the
// weights says; without one those of B0 to B7.
Result<std::optional<Recognised>> recognise_efficientnet_model(const TensorSource& source,
                                                               const RecogniseOptions& options);

}  // namespace ink
