#include "converters/sources/hdf5/chunks.h"

#include <algorithm>
#include <cstring>

#include "converters/sources/hdf5/btree1.h"
#include "converters/sources/hdf5/btree2.h"
#include "converters/sources/hdf5/fixed_array.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kChunk = "a chunk";
constexpr uint64_t kTreeRoom = 64;  // of a node of a tree of version 1

class ChunkReader {
 public:
  ChunkReader(Space& space, const ChunkIndex& index, const ChunkGrid& grid,
              const std::vector<uint64_t>& most_dims)
      : space_(space), index_(index), grid_(grid), most_dims_(most_dims) {}

  Result<std::vector<Chunk>> read() {
    if (grid_.count == 0) return std::move(chunks_);
    switch (index_.kind) {
      case ChunkIndex::Kind::tree1: INK_TRY_STATUS(read_tree1()); break;
      case ChunkIndex::Kind::single: INK_TRY_STATUS(read_single()); break;
      case ChunkIndex::Kind::implicit: INK_TRY_STATUS(read_implicit()); break;
      case ChunkIndex::Kind::fixed_array: INK_TRY_STATUS(read_array()); break;
      case ChunkIndex::Kind::tree2: INK_TRY_STATUS(read_tree2()); break;
      case ChunkIndex::Kind::extensible_array:
        return model_error(space_.origin(), ": the chunk index at offset ", index_.address,
                           " is an extensible array, which is not supported; a copy with chunks of a fixed "
                           "shape can be read");
    }
    std::ranges::sort(chunks_, {}, &Chunk::index);
    const auto twice = std::ranges::adjacent_find(chunks_, {}, &Chunk::index);
    if (twice != chunks_.end()) {
      return model_error(space_.origin(), ": the chunk at offset ", twice->offset, " is there twice");
    }
    if (chunks_.size() == grid_.count) return std::move(chunks_);
    return model_error(space_.origin(), ": the chunk index at offset ", index_.address, " names ",
                       chunks_.size(), " chunks, the data have ", grid_.count);
  }

 private:
  Status add(uint64_t index, uint64_t address, uint64_t bytes, uint64_t skipped) {
    if (skipped & ~index_.may_skip) {
      return model_error(space_.origin(), ": the chunk at offset ", address, " skips the filters ",
                         hex32(static_cast<uint32_t>(skipped)), " (a bit each), of which ",
                         hex32(index_.may_skip), " can be left out");
    }
    if (!index_.filtered && bytes != grid_.chunk_bytes) {
      return model_error(space_.origin(), ": the chunk at offset ", address, " has ", bytes,
                         " bytes, expected ", grid_.chunk_bytes);
    }
    INK_TRY(const std::span<const std::byte> stored, space_.claim(address, bytes, kChunk));
    chunks_.push_back({index, stored, address, static_cast<uint32_t>(skipped)});
    return {};
  }

  // The index of the chunk at these coordinates, in elements or in chunks.
  Result<uint64_t> index_of(std::span<const std::byte> coordinates, bool in_elements, uint64_t offset) const {
    uint64_t index = 0;
    for (size_t axis = 0; axis < grid_.dims.size(); ++axis) {
      const uint64_t at = number(coordinates, 8 * axis, 8);
      const uint64_t step = in_elements ? grid_.chunk[axis] : 1, count = grid_.along(axis, grid_.dims[axis]);
      if (at % step != 0 || at / step >= count) {
        return model_error(space_.origin(), ": the entry at offset ", offset, " of a chunk index is about ",
                           at, " on axis ", axis, ", where no chunk begins");
      }
      index = index * count + at / step;
    }
    return index;
  }

  Status read_tree1() {
    const size_t rank = grid_.dims.size();
    const Btree1Kind kind{1, 8 + 8 * (rank + 1), kTreeRoom};
    INK_TRY(const std::vector<Btree1Entry> entries, read_btree1(space_, index_.address, kind));
    for (const Btree1Entry& entry : entries) {
      INK_TRY(const uint64_t index, index_of(entry.key.subspan(8), true, entry.offset));
      if (number(entry.key, 8 + 8 * rank, 8) != 0) {
        return model_error(space_.origin(), ": the entry at offset ", entry.offset,
                           " of a chunk index begins inside an element");
      }
      INK_TRY_STATUS(add(index, entry.child, number(entry.key, 0, 4), number(entry.key, 4, 4)));
    }
    return {};
  }

  Status read_single() {
    return add(0, index_.address, index_.filtered ? index_.single_bytes : grid_.chunk_bytes,
               index_.single_skipped);
  }

  Status read_implicit() {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(grid_.count, grid_.chunk_bytes, &bytes)) bytes = kUndefined;
    INK_TRY_STATUS(space_.at(index_.address, bytes, kChunk).status());
    for (uint64_t i = 0; i < grid_.count; ++i) {
      INK_TRY_STATUS(add(i, index_.address + i * grid_.chunk_bytes, grid_.chunk_bytes, 0));
    }
    return {};
  }

  // Bytes of the size of a filtered chunk: one more than the unpacked size needs.
  size_t size_bytes() const {
    size_t bits = 0;
    while (bits < 64 && grid_.chunk_bytes >> bits > 1) ++bits;
    return std::min<size_t>(8, 1 + (bits + 8) / 8);
  }

  Status read_array() {
    const size_t entry_bytes = index_.filtered ? 8 + size_bytes() + 4 : 8;
    INK_TRY(const std::vector<Record> entries,
            read_fixed_array(space_, index_.address, index_.filtered, entry_bytes, index_.page_bits));
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::span<const std::byte> raw = entries[i].bytes;
      const uint64_t address = number(raw, 0, 8);
      if (address == kUndefined) continue;
      // The array runs over the grid that the data may grow to.
      uint64_t rest = i, index = 0, scale = 1;
      bool inside = true;
      for (size_t axis = grid_.dims.size(); axis-- > 0;) {
        const uint64_t most = std::max<uint64_t>(1, grid_.along(axis, most_dims_[axis]));
        const uint64_t count = grid_.along(axis, grid_.dims[axis]);
        inside = inside && rest % most < count;
        index += rest % most * scale;
        scale *= count;
        rest /= most;
      }
      if (!inside || rest != 0) continue;
      INK_TRY_STATUS(index_.filtered
                         ? add(index, address, number(raw, 8, size_bytes()), number(raw, 8 + size_bytes(), 4))
                         : add(index, address, grid_.chunk_bytes, 0));
    }
    return {};
  }

  Status read_tree2() {
    constexpr uint64_t kPlain = 10, kFiltered = 11;
    const size_t rank = grid_.dims.size(), head = index_.filtered ? 8 + size_bytes() + 4 : 8;
    INK_TRY(const std::vector<Record> records,
            read_btree2(space_, index_.address, index_.filtered ? kFiltered : kPlain, head + 8 * rank));
    for (const Record& record : records) {
      INK_TRY(const uint64_t index, index_of(record.bytes.subspan(head), false, record.offset));
      const uint64_t address = number(record.bytes, 0, 8);
      INK_TRY_STATUS(index_.filtered ? add(index, address, number(record.bytes, 8, size_bytes()),
                                           number(record.bytes, 8 + size_bytes(), 4))
                                     : add(index, address, grid_.chunk_bytes, 0));
    }
    return {};
  }

  Space& space_;
  const ChunkIndex& index_;
  const ChunkGrid& grid_;
  const std::vector<uint64_t>& most_dims_;
  std::vector<Chunk> chunks_;
};

}  // namespace

Result<std::vector<Chunk>> read_chunks(Space& space, const ChunkIndex& index, const ChunkGrid& grid,
                                       const std::vector<uint64_t>& most_dims) {
  return ChunkReader(space, index, grid, most_dims).read();
}

void place_chunk(const ChunkGrid& grid, uint64_t index, std::span<const std::byte> chunk,
                 std::span<std::byte> dst) {
  const size_t rank = grid.dims.size();
  // Where the chunk begins, and how much of it lies inside the data.
  std::vector<uint64_t> begin(rank), inside(rank), at(rank, 0);
  for (size_t axis = rank; axis-- > 0;) {
    const uint64_t count = grid.along(axis, grid.dims[axis]);
    begin[axis] = index % count * grid.chunk[axis];
    index /= count;
    inside[axis] = std::min(grid.chunk[axis], grid.dims[axis] - begin[axis]);
  }
  const size_t row_bytes = static_cast<size_t>(inside[rank - 1] * grid.element_bytes);
  while (true) {
    uint64_t from = 0, to = 0;
    for (size_t axis = 0; axis < rank; ++axis) {
      from = from * grid.chunk[axis] + at[axis];
      to = to * grid.dims[axis] + begin[axis] + at[axis];
    }
    std::memcpy(dst.data() + to * grid.element_bytes, chunk.data() + from * grid.element_bytes, row_bytes);
    size_t axis = rank - 1;
    while (axis > 0 && ++at[axis - 1] == inside[axis - 1]) at[--axis] = 0;
    if (axis == 0) return;
  }
}

}  // namespace ink::hdf5
