#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// Objects of any size, named by short IDs: in blocks whose sizes double ("managed"), each by itself ("huge"),
// or inside the ID ("tiny"). Filtered heaps are refused.
class FractalHeap {
 public:
  // Claims and checks all blocks.
  static Result<FractalHeap> open(Space& space, uint64_t address);

  size_t id_bytes() const { return id_bytes_; }
  // `offset`: of the ID in the file. The reader of an object; one of a tiny object stands inside the ID.
  Result<ByteReader> get(Space& space, std::span<const std::byte> id, uint64_t offset) const;

 private:
  struct Block {
    uint64_t address = 0, size = 0;
  };
  struct Header;

  Status read_blocks(Space& space, const Header& header);
  Status read_direct(Space& space, const Header& header, Block block, uint64_t heap_offset);
  Status read_huge(Space& space, uint64_t tree);

  uint64_t address_ = 0;
  size_t id_bytes_ = 0, offset_bytes_ = 0, length_bytes_ = 0;
  std::map<uint64_t, Block> blocks_;  // by the offset in the heap
  std::map<uint64_t, Block> huge_;    // by number
};

}  // namespace ink::hdf5
