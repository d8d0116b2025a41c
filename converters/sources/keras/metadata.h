#pragma once

#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink::keras {

// "keras_version" of a metadata.json, empty where it has none. `origin` is its name in messages. Error
// (model): no JSON object.
Result<std::string> version_of(std::string_view json, const std::string& origin);

}  // namespace ink::keras
