#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "converters/sources/torch/value.h"
#include "kernels/base/dtype.h"
#include "kernels/base/result.h"

namespace ink::torch_file {

// The element type of a storage class, "torch.FloatStorage".
struct StorageType {
  std::string_view name;
  std::optional<DType> dtype;  // none: carried past, but no tensor of it can be read
  uint64_t element_bytes = 0;
};

// What a persistent id says: ('storage', class, key, device, number of elements), and in old files None. The
// device does not matter: the bytes are the same.
struct DeclaredStorage {
  std::string key;
  const StorageType* type = nullptr;
  uint64_t elements = 0, bytes = 0;
  uint64_t offset = 0;  // in the file, of the first declaration
};

// The storages that a pickle names, each once.
class StorageTable {
 public:
  // The index of the storage. Error (model): it is none, or the same key is declared in two ways.
  Result<size_t> declare(const Values& values, NodeId node, const std::string& origin);
  const std::vector<DeclaredStorage>& all() const { return all_; }
  const DeclaredStorage* find(std::string_view key) const;

 private:
  std::vector<DeclaredStorage> all_;
  std::map<std::string, size_t, std::less<>> index_;
};

// "torch.FloatStorage" and its like.
bool is_storage_class(std::string_view name);
// Whether the persistent is a storage, rather than a class with its source.
bool is_storage(const Values& values, NodeId node);

}  // namespace ink::torch_file
