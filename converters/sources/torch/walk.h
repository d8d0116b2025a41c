#pragma once

#include <string>
#include <vector>

#include "converters/sources/source.h"
#include "converters/sources/torch/value.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink::torch_file {

struct NamedNode {
  std::string name;
  NodeId node = 0;  // is_tensor()
};

struct Found {
  std::vector<NamedNode> tensors;
  std::vector<SourceText> texts;     // TensorSource::texts()
  std::vector<std::string> unknown;  // TensorSource::unknown()
  std::string producer;
};

// The tensors of a model, by their dotted paths, in the order of the file:
// - of a state dict, and of dicts, lists and tuples inside it;
// - of a training checkpoint those of the model in it, without the key that leads there; what else holds
//   tensors is left out, with a line in `unknown`;
// - of a whole module those that its state_dict() would have, found by _parameters, _buffers and _modules;
// - of a TorchScript module its attributes.
// Numbers, texts and truth values of the outermost dict, and of the model's, are `texts`: "epoch", "pro".
// Error (model), naming `origin` and the offset: a model's tensor or the model itself is made by a class or
// function that is not torch's, which never runs here.
Result<Found> find_tensors(const Values& values, NodeId root, const std::string& origin,
                           const ModelLimits& limits);

}  // namespace ink::torch_file
