#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// The hash by which the newer structures of the format are checked: Jenkins' lookup3, initial value 0.
uint32_t lookup3(std::span<const std::byte> bytes);

// The checksum of the filter of that name: 16-bit words, big endian, an odd last byte as the upper half.
uint32_t fletcher32(std::span<const std::byte> bytes);

// A structure whose last 4 bytes are the lookup3 of those before: a claimed reader of what lies between its
// mark of four letters and the checksum.
Result<ByteReader> claim_checked(Space& space, uint64_t address, uint64_t size, std::string_view mark,
                                 std::string_view what);

// `raw` ends with its lookup3. Error (model) where it does not.
Status check_sum(const Space& space, uint64_t address, std::span<const std::byte> raw, std::string_view what);

// The reader stands before these four letters.
Status expect_mark(ByteReader& reader, std::string_view mark, std::string_view what);

}  // namespace ink::hdf5
