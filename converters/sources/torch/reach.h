#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/torch/value.h"

namespace ink::torch_file {

// Counts what hangs on a node. Each node counts once in the life of a Reach, so that all counts together cost
// no more than the pickle is large.
class Reach {
 public:
  explicit Reach(const Values& values) : values_(values), seen_(values.size(), false) {}

  // Tensors at or below the node that no earlier count met; storages that hang on no call of torch's, too.
  size_t count_tensors(NodeId node);

 private:
  const Values& values_;
  std::vector<bool> seen_;
  std::vector<NodeId> pending_;
};

}  // namespace ink::torch_file
