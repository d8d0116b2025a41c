#pragma once

#include <cstdint>
#include <vector>

#include "converters/sources/hdf5/btree2.h"
#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// The entries of a fixed array, an index of chunks whose number cannot grow. `filtered`, `entry_bytes` and
// `page_bits` are what the data's layout says. Error (model): also where a page was never written.
Result<std::vector<Record>> read_fixed_array(Space& space, uint64_t address, bool filtered,
                                             uint64_t entry_bytes, uint64_t page_bits);

}  // namespace ink::hdf5
