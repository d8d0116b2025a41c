#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "converters/sources/source.h"

namespace ink {

// Keras 3 files tensors by the class of their layer and its number among those, "layers/conv2d_1/vars/0";
// Keras 2.12 to 2.14 counted each layer twice, "_layer_checkpoint_dependencies/conv2d_2/vars/0". Which layer
// that is says the configuration beside them, or the names that newer Keras 3 (seen of 3.15) writes into the
// weights; where neither does, the layer is called as Keras calls one that was given no name, "conv2d_1".
class KerasPaths {
 public:
  explicit KerasPaths(const TensorSource& source);

  // "layer/variable" of a path; nothing where it is none, or of a class that no model here has.
  std::optional<std::string> name(std::string_view path) const;

 private:
  struct Walk;
  std::map<std::string, std::string, std::less<>> layers_;  // names by path
};

}  // namespace ink
