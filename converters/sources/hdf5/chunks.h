#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/datatype.h"
#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// Boxes of one shape, the last ones reaching beyond the data, each stored by itself.
struct ChunkGrid {
  std::vector<uint64_t> dims;   // of the data
  std::vector<uint64_t> chunk;  // of a chunk; as many, none 0
  uint64_t element_bytes = 0;
  uint64_t chunk_bytes = 0;
  uint64_t count = 0;  // chunks

  // Chunks along an axis of `extent` elements.
  uint64_t along(size_t axis, uint64_t extent) const { return (extent + chunk[axis] - 1) / chunk[axis]; }
};

struct Chunk {
  uint64_t index = 0;  // row-major in the grid
  std::span<const std::byte> bytes;
  uint64_t offset = 0;   // of the bytes in the file
  uint32_t skipped = 0;  // filters that were not applied, a bit each
};

// How chunks are found.
struct ChunkIndex {
  enum class Kind { tree1, single, implicit, fixed_array, extensible_array, tree2 };
  Kind kind = Kind::tree1;
  uint64_t address = kUndefined;
  bool filtered = false;
  uint32_t may_skip = 0;  // filters that a chunk can do without, a bit each: deflate, where it gains nothing
  uint64_t single_bytes = 0, single_skipped = 0;  // of a single filtered chunk
  uint64_t page_bits = 0;                         // of a fixed array
};

// Every chunk of the grid exactly once, by index. Error (model): one is missing, or is there twice; a chunk
// that is not stored is refused, so that memory is never asked for what the file does not hold.
Result<std::vector<Chunk>> read_chunks(Space& space, const ChunkIndex& index, const ChunkGrid& grid,
                                       const std::vector<uint64_t>& most_dims);

// Copies a chunk to its place in the row-major data.
void place_chunk(const ChunkGrid& grid, uint64_t index, std::span<const std::byte> chunk,
                 std::span<std::byte> dst);

}  // namespace ink::hdf5
