#pragma once

#include <optional>

#include "converters/recognise.h"

namespace ink {

// DistilBERT under torch's names, with the dense layer of a sentence-transformers folder where there is one,
// and under TensorFlow's, as a SavedModel with a dense layer behind it.
Result<std::optional<Recognised>> recognise_distilbert(const TensorSource& source,
                                                       const RecogniseOptions& options);

}  // namespace ink
