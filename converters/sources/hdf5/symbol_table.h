#pragma once

#include <vector>

#include "converters/sources/hdf5/group.h"

namespace ink::hdf5 {

// Adds the members of a group of the old kind: a B-tree of symbol tables, whose names stand in a local heap.
// Error: model.
Status read_symbol_table(Space& space, const Superblock& superblock, const Message& message,
                         std::vector<Link>& links);

}  // namespace ink::hdf5
