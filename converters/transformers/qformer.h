#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// The image tower and Q-Former of BLIP-2 under transformers' names; its language model is left over.
Result<std::optional<Recognised>> recognise_qformer(const TensorSource& source,
                                                    const RecogniseOptions& options);

}  // namespace ink
