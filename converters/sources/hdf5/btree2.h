#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

struct Record {
  std::span<const std::byte> bytes;
  uint64_t offset = 0;  // in the file
};

// The records of a B-tree of version 2, in order. `type` and `record_bytes` are what the tree must hold.
// Error: model.
Result<std::vector<Record>> read_btree2(Space& space, uint64_t address, uint64_t type, uint64_t record_bytes);

}  // namespace ink::hdf5
