#pragma once

#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

// Changes a field of one of the structures of an HDF5 file, which are found by their marks and their usual
// places, or any byte; then mends the checksums of what it hit.
void mutate_hdf5(Input& input, Random& random);

// Sets every checksum of the structures in the file that have one, as far as their lengths can be told.
void mend_sums(Input& input);

// Whether the superblock can be read.
bool has_superblock(std::span<const std::byte> bytes);

}  // namespace ink::fuzz
