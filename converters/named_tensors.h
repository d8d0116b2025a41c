#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "models/model.h"

namespace ink {

// The tensors of a source under the names that their model gives them, without what a format or a wrapper
// puts round these. Refers to the source.
class NamedTensors {
 public:
  // Those whose name begins with `prefix`, without it.
  static NamedTensors behind(const TensorSource& source, std::string_view prefix);
  // Those of a Keras model, "layer/variable": "conv1_conv/kernel". The models that a model consists of are
  // one: "resnet101v2/conv1_conv/kernel:0" is the same. Paths of Keras 3 ("layers/dense/vars/0") become names
  // as keras_paths.h has it. Empty where two layers have one name.
  static NamedTensors keras(const TensorSource& source);

  // Those of another, with `prefix` before their names.
  void add(const NamedTensors& other, std::string_view prefix);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Nothing where there is no such tensor, or it has another number of axes or one longer than 2^24.
  std::optional<std::vector<int>> shape(std::string_view name, size_t axes) const;

  // Layers without a name of their own are numbered, "conv2d", "conv2d_1" ..., by the session that made them:
  // makes the numbers of those called `base` begin at 0 and go on without gaps.
  void renumber(std::string_view base);

  // Writes the source's names into a model's table.
  void bind(std::span<TensorSpec> table) const;

 private:
  const SourceTensor* find(std::string_view name) const;

  std::map<std::string, const SourceTensor*, std::less<>> by_name_;
};

// The number of a layer that Keras named: 0 for "conv2d", 12 for "conv2d_12"; nothing where it is not of
// `base`.
std::optional<int> layer_number(std::string_view layer, std::string_view base);
std::string numbered_layer(std::string_view base, int number);

}  // namespace ink
