#pragma once

#include <cstdint>
#include <vector>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// Where the links or attributes of an object lie that are too many or too large for its header: their bodies
// in a fractal heap, and a B-tree of version 2 that names them.
struct DenseStorage {
  enum class Of { links, attributes };
  Of of = Of::links;
  uint64_t heap = kUndefined, tree = kUndefined;
};

// The message that says so. Both addresses are undefined while all fits into the header.
Result<DenseStorage> read_dense_info(ByteReader& reader, DenseStorage::Of of);

// The bodies, each as it would stand in a message, in the order of the tree.
Result<std::vector<ByteReader>> read_dense(Space& space, const DenseStorage& dense);

}  // namespace ink::hdf5
