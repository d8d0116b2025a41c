#include "converters/sources/torch/reach.h"

#include "converters/sources/torch/storage.h"
#include "converters/sources/torch/tensor.h"

namespace ink::torch_file {

size_t Reach::count_tensors(NodeId node) {
  size_t count = 0;
  pending_.assign(1, node);
  while (!pending_.empty()) {
    const NodeId next = pending_.back();
    pending_.pop_back();
    if (seen_[next]) continue;
    seen_[next] = true;
    if (is_tensor(values_, next) || is_storage(values_, next)) {
      ++count;
      continue;
    }
    const std::span<const NodeId> items = values_.items(next);
    pending_.insert(pending_.end(), items.begin(), items.end());
    switch (values_.kind(next)) {
      case Kind::call:
      case Kind::object: pending_.push_back(values_.arguments(next)); [[fallthrough]];
      case Kind::persistent: pending_.push_back(values_.head(next)); break;
      default: break;
    }
    if (const std::optional<NodeId> state = values_.state(next)) pending_.push_back(*state);
  }
  return count;
}

}  // namespace ink::torch_file
