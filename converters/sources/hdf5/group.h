#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/hdf5/space.h"
#include "converters/sources/hdf5/superblock.h"

namespace ink::hdf5 {

struct Link {
  std::string name;
  uint64_t address = 0;  // of the object's header
};

bool is_group(std::span<const Message> messages);

// The members of a group, by name: of a symbol table, of link messages or of dense storage. Links that lead
// elsewhere (soft, external) are refused, and so are names that cannot be part of a path. Error: model.
Result<std::vector<Link>> read_links(Space& space, const Superblock& superblock,
                                     std::span<const Message> messages);

}  // namespace ink::hdf5
