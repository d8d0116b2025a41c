#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink::keras {

// "keras_version" of a metadata.json, empty where it has none. `origin` is its name in messages. Error
// (model): no JSON object.
Result<std::string> version_of(std::string_view json, const std::string& origin);

// What the layers that lie in groups are called, as one JSON object: {"layers/conv2d":"stem"}.
std::string layer_names_json(const std::map<std::string, std::string>& names_by_path);

}  // namespace ink::keras
