#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// pix2score: a ResNet V2 of keras.applications with the three heads.
Result<std::optional<Recognised>> recognise_pix2score_model(const TensorSource& source,
                                                            const RecogniseOptions& options);

}  // namespace ink
