#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/dtype.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink {

// One tensor that a model needs: its name in our model file, its shape, and its name in the released
// checkpoint. Formats without names (ncnn) give their tensors in the order of the model's table.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  std::string source_name;
};

// The inkstone.* keys of a model file's metadata.
inline constexpr std::string_view kArchitectureKey = "inkstone.architecture";
// "int8" where a file's weights are such; what it runs in unless something else is asked for.
inline constexpr std::string_view kPrecisionKey = "inkstone.precision";
inline constexpr std::string_view kConfigKey = "inkstone.config";
inline constexpr std::string_view kPreprocessKey = "inkstone.preprocess";
inline constexpr std::string_view kSourceKey = "inkstone.source";
inline constexpr std::string_view kSourceSha256Key = "inkstone.source_sha256";
inline constexpr std::string_view kLicenseKey = "inkstone.license";

}  // namespace ink
