#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/tensorflow/object_graph.h"
#include "kernels/base/function_ref.h"

namespace ink {

// What a key of a checkpoint is called, and whether it belongs to the model.
struct TensorName {
  std::string name;
  bool is_weight = true;
};

// One for each key; keys are sorted and differ. The name is what `variables` calls it where only one has that
// name, otherwise the key without what TensorFlow appends to every variable. Without an object graph, what
// optimizers of TensorFlow 1 keep beside a variable is told by their names: "w/Adam" beside "w". What Keras 3
// exports holds variables twice, as "_all_variables/0" and "variables/3": where they are `same`, by the
// indices of their keys, the former are no weights.
std::vector<TensorName> name_tensors(std::span<const std::string_view> keys,
                                     std::span<const GraphVariable> variables,
                                     FunctionRef<bool(size_t, size_t)> same);

}  // namespace ink
