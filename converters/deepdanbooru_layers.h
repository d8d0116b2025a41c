#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// DeepDanbooru's ResNets of any size, whole or cut to illust2vec or illust_style2vec, by the shapes of the
// layers that Keras numbered.
Result<std::optional<Recognised>> recognise_deepdanbooru_model(const TensorSource& source,
                                                               const RecogniseOptions& options);

}  // namespace ink
