#pragma once

#include <cstdint>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

struct Superblock {
  uint64_t root = 0;  // address of the root group's object header
  // Room in a node of a group's B-tree and in a symbol table.
  uint64_t node_entries = 32, table_entries = 8;
};

// Versions 0, 2 and 3 at the very beginning of the file, addresses and lengths of 8 bytes. Cuts the space to
// the end that is declared.
Result<Superblock> read_superblock(Space& space);

}  // namespace ink::hdf5
