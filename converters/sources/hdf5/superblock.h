#pragma once

#include <cstdint>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

struct Superblock {
  uint64_t root = 0;  // address of the root group's object header
  // The most symbol tables in a node of a group's B-tree and the most entries in a symbol table; 0 where the
  // file does not say.
  uint64_t node_entries = 0, table_entries = 0;
};

// Versions 0 to 3 at the very beginning of the file, addresses and lengths of 8 bytes. Cuts the space to the
// end that is declared.
Result<Superblock> read_superblock(Space& space);

}  // namespace ink::hdf5
