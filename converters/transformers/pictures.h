#pragma once

#include <string>
#include <string_view>

#include "converters/sources/source.h"
#include "models/image/preprocess.h"

namespace ink {

// inkstone.preprocess for a model whose folder may hold a preprocessor_config.json; otherwise `preset`.
Result<std::string> preprocess_json(const TensorSource& source, const std::string& folder,
                                    std::string_view model_kind, const ImagePreprocess& preset);

}  // namespace ink
