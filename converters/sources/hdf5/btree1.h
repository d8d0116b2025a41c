#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

struct Btree1Kind {
  uint64_t type = 0;  // 0 of groups, 1 of chunks
  uint64_t key_bytes = 0;
  uint64_t most_entries = 0;  // children that a node has room for
};

struct Btree1Entry {
  std::span<const std::byte> key;  // the one before the child
  uint64_t offset = 0;             // of the key in the file
  uint64_t child = 0;              // address of what the tree is about
};

// What hangs on the leaves of a B-tree of version 1, from left to right. Error: model.
Result<std::vector<Btree1Entry>> read_btree1(Space& space, uint64_t address, const Btree1Kind& kind);

}  // namespace ink::hdf5
