#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ink {

// Keras 3 files tensors by the class of their layer and its number among those, "layers/conv2d_1/vars/0", and
// says in the configuration beside them which layer that is. The name "layer/variable" of each path; empty
// where the text is no configuration of layers.
std::map<std::string, std::string, std::less<>> keras_names_by_path(std::string_view config_json);

}  // namespace ink
