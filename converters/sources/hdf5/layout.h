#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/chunks.h"
#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// Where the data of a dataset lie.
struct Layout {
  enum class Kind { compact, contiguous, chunked };
  Kind kind = Kind::contiguous;
  uint64_t address = kUndefined;       // contiguous
  uint64_t bytes = kUndefined;         // compact and contiguous
  std::span<const std::byte> compact;  // in the message itself
  std::vector<uint64_t> chunk;         // shape of a chunk
  uint64_t element_bytes = 0;          // of chunks
  bool partial_unfiltered = false;     // chunks that reach beyond the data were not filtered
  ChunkIndex index;
};

// Versions 3 and 4: those before are older than h5py. Error (model): broken; virtual, which would mean data
// in other files.
Result<Layout> read_layout(const Space& space, const Message& message);

}  // namespace ink::hdf5
