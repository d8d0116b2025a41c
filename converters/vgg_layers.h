#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// VGG16, VGG19 and their kin of keras.applications and torchvision, by their names and shapes.
Result<std::optional<Recognised>> recognise_vgg_model(const TensorSource& source,
                                                      const RecogniseOptions& options);

}  // namespace ink
