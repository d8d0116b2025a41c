#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "converters/sources/torch/storage.h"
#include "converters/sources/torch/value.h"
#include "kernels/base/dtype.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink::torch_file {

// A tensor of the file: elements of a storage, element (i, j, ...) at offset + i * strides[0] + j *
// strides[1] + ... Every element lies inside the storage.
struct TensorView {
  DType dtype = DType::f32;
  size_t storage = 0;   // in the table
  uint64_t offset = 0;  // all in elements
  std::vector<int64_t> shape;
  std::vector<uint64_t> strides;
  uint64_t elements = 0;
  bool contiguous = false;  // row-major without gaps
  uint64_t place = 0;       // of the call that makes it, in bytes of the pickle; for messages
};

// Whether this is one of torch's functions that rebuild a plain tensor.
bool rebuilds_tensor(std::string_view function);
// Whether the node is a call of one of them.
bool is_tensor(const Values& values, NodeId node);

// what: "FILE: tensor 'conv.weight'". Error (model): a call with other arguments, a type that cannot be read,
// a class of tensors that needs its own code, sizes that do not fit the storage.
Result<TensorView> read_tensor(const Values& values, NodeId node, StorageTable& storages,
                               const std::string& origin, const std::string& what, const ModelLimits& limits);

// The elements in row-major order. dst: view.elements of them; storage: the bytes of the storage.
void materialise(const TensorView& view, std::span<const std::byte> storage, std::byte* dst);

}  // namespace ink::torch_file
