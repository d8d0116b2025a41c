#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// How chunks were packed: shuffle, deflate and fletcher32, each at most once.
struct Filter {
  enum class Kind : uint16_t { deflate = 1, shuffle = 2, fletcher32 = 3 };
  Kind kind = Kind::deflate;
};

// In the order in which they were applied, to elements of that size. Error (model): a filter that is not
// supported, by name.
Result<std::vector<Filter>> read_filters(const Space& space, const Message& message, uint64_t element_bytes);

// A deflate stream makes at most this many bytes of one.
inline constexpr uint64_t kDeflateRatio = 1032;

// Undoes the filters whose bit in `skipped` is not set; elements have `element` bytes. False where the result
// is not exactly `size` bytes, a checksum is wrong, or the stored bytes are fewer than that can be made of.
bool unpack(std::span<const std::byte> stored, std::span<const Filter> filters, uint32_t skipped,
            size_t element, size_t size, std::vector<std::byte>& dst);

}  // namespace ink::hdf5
