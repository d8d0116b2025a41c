#include "converters/sources/hdf5/fractal_heap.h"

#include <algorithm>
#include <bit>

#include "converters/sources/hdf5/btree2.h"
#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kHeap = "a fractal heap";
constexpr std::string_view kDirect = "a block of a fractal heap";
constexpr std::string_view kIndirect = "an indirect block of a fractal heap";
constexpr std::string_view kHuge = "a huge object of a fractal heap";
constexpr uint64_t kHugeRecords = 1;  // type of the tree of huge objects without filters

uint64_t log2_of(uint64_t power) { return static_cast<uint64_t>(std::countr_zero(power)); }

}  // namespace

// A "row" is `width` blocks of one size: those of rows 0 and 1 have `first` bytes, those of each further row
// twice as many. Blocks beyond `most_direct` bytes are indirect, with rows of their own.
struct FractalHeap::Header {
  uint64_t width = 0, first = 0, most_direct = 0, root = 0, root_rows = 0;
  uint64_t direct_rows = 0;
  bool checksums = false;  // of direct blocks

  uint64_t row_bytes(uint64_t row) const { return row == 0 ? first : first << (row - 1); }
  uint64_t rows_in(uint64_t bytes) const { return log2_of(bytes) - log2_of(first * width) + 1; }
};

Result<FractalHeap> FractalHeap::open(Space& space, uint64_t address) {
  INK_TRY(ByteReader reader, claim_checked(space, address, 146, "FRHP", kHeap));
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(138, kHeap));
  const auto field = [&](size_t at, size_t count) { return number(raw, at, count); };
  const auto bad = [&](std::string_view why) {
    return model_error(space.origin(), ": ", kHeap, " at offset ", address, " ", why);
  };
  if (field(0, 1) != 0) return bad("has an unknown version");
  if (field(3, 2) != 0) return bad("is packed by filters, which is not supported");
  FractalHeap heap;
  Header header;
  heap.address_ = address;
  heap.id_bytes_ = field(1, 2);
  header.checksums = field(5, 1) & 2;
  const uint64_t most_managed = field(6, 4), huge_tree = field(18, 8);
  header.width = field(106, 2);
  header.first = field(108, 8);
  header.most_direct = field(116, 8);
  const uint64_t heap_bits = field(124, 2);
  header.root = field(128, 8);
  header.root_rows = field(136, 2);
  constexpr uint64_t kLargestBlock = uint64_t{1} << 32;
  const bool sane = std::has_single_bit(header.width) && std::has_single_bit(header.first) &&
                    std::has_single_bit(header.most_direct) && header.first <= header.most_direct &&
                    header.most_direct <= kLargestBlock && heap_bits <= 64 && heap_bits > 0 &&
                    header.first * header.width <= header.most_direct && most_managed <= header.most_direct;
  if (!sane) return bad("has sizes that contradict each other");
  header.direct_rows = log2_of(header.most_direct) - log2_of(header.first) + 2;
  heap.offset_bytes_ = (heap_bits + 7) / 8;
  const auto length_bits = static_cast<uint64_t>(std::bit_width(std::max<uint64_t>(most_managed, 1)));
  heap.length_bytes_ = std::min((log2_of(header.most_direct) + 7) / 8, (length_bits + 7) / 8);
  if (heap.id_bytes_ < 1 + heap.offset_bytes_ + heap.length_bytes_ || heap.id_bytes_ > 64) {
    return bad("has IDs of an unsuitable length");
  }
  INK_TRY_STATUS(heap.read_blocks(space, header));
  if (huge_tree != kUndefined) INK_TRY_STATUS(heap.read_huge(space, huge_tree));
  return heap;
}

Status FractalHeap::read_direct(Space& space, const Header& header, Block block, uint64_t heap_offset) {
  INK_TRY(std::span<const std::byte> raw, space.claim(block.address, block.size, kDirect));
  ByteReader reader(raw, space.origin(), block.address);
  INK_TRY_STATUS(expect_mark(reader, "FHDB", kDirect));
  INK_TRY(const uint64_t version, number(reader, 1, kDirect));
  INK_TRY(const uint64_t owner, reader.u64(kDirect));
  INK_TRY(const uint64_t begin, number(reader, offset_bytes_, kDirect));
  if (version != 0 || owner != address_ || begin != heap_offset) {
    return model_error(space.origin(), ": ", kDirect, " at offset ", block.address,
                       " does not belong where its heap puts it");
  }
  if (header.checksums) {
    // Computed while the field itself is zero.
    const size_t at = reader.position();
    INK_TRY(const uint32_t stored, reader.u32(kDirect));
    std::vector<std::byte> copy(raw.begin(), raw.end());
    std::fill_n(copy.begin() + static_cast<ptrdiff_t>(at), 4, std::byte{0});
    if (lookup3(copy) != stored) {
      return model_error(space.origin(), ": ", kDirect, " at offset ", block.address, " has the checksum ",
                         hex32(lookup3(copy)), ", expected ", hex32(stored));
    }
  }
  blocks_.emplace(heap_offset, block);
  return {};
}

Status FractalHeap::read_blocks(Space& space, const Header& header) {
  if (header.root == kUndefined) return {};
  if (header.root_rows == 0) return read_direct(space, header, {header.root, header.first}, 0);
  struct Indirect {
    uint64_t address = 0, rows = 0, heap_offset = 0;
  };
  std::vector<Indirect> open = {{header.root, header.root_rows, 0}};
  while (!open.empty()) {
    const Indirect block = open.back();
    open.pop_back();
    constexpr uint64_t kMostRows = 32;
    if (block.rows > kMostRows) {
      return model_error(space.origin(), ": ", kIndirect, " at offset ", block.address, " has ", block.rows,
                         " rows, the limit is ", kMostRows);
    }
    const uint64_t entries = block.rows * header.width, frame = 4 + 1 + 8 + offset_bytes_ + 4;
    INK_TRY(ByteReader reader, claim_checked(space, block.address, frame + 8 * entries, "FHIB", kIndirect));
    INK_TRY(const uint64_t version, number(reader, 1, kIndirect));
    INK_TRY(const uint64_t owner, reader.u64(kIndirect));
    INK_TRY(const uint64_t begin, number(reader, offset_bytes_, kIndirect));
    if (version != 0 || owner != address_ || begin != block.heap_offset) {
      return model_error(space.origin(), ": ", kIndirect, " at offset ", block.address,
                         " does not belong where its heap puts it");
    }
    uint64_t heap_offset = block.heap_offset;
    for (uint64_t i = 0; i < entries; ++i) {
      INK_TRY(const uint64_t child, reader.u64(kIndirect));
      const uint64_t row = i / header.width, bytes = header.row_bytes(row);
      if (child != kUndefined && row < header.direct_rows) {
        INK_TRY_STATUS(read_direct(space, header, {child, bytes}, heap_offset));
      } else if (child != kUndefined) {
        open.push_back({child, header.rows_in(bytes), heap_offset});
      }
      heap_offset += bytes;
    }
  }
  return {};
}

Status FractalHeap::read_huge(Space& space, uint64_t tree) {
  INK_TRY(const std::vector<Record> records, read_btree2(space, tree, kHugeRecords, 24));
  for (const Record& record : records) {
    const Block block{number(record.bytes, 0, 8), number(record.bytes, 8, 8)};
    INK_TRY_STATUS(space.claim(block.address, block.size, kHuge).status());
    huge_.emplace(number(record.bytes, 16, 8), block);
  }
  return {};
}

Result<ByteReader> FractalHeap::get(Space& space, std::span<const std::byte> id, uint64_t offset) const {
  INK_CHECK(id.size() == id_bytes_);
  const uint64_t first = number(id, 0, 1), kind = first >> 4 & 3;
  const auto bad = [&](std::string_view why) {
    return model_error(space.origin(), ": the ID at offset ", offset, " of the fractal heap at offset ",
                       address_, " ", why);
  };
  if (first >> 6 != 0) return bad("has an unknown version");
  constexpr uint64_t kManaged = 0, kHugeKind = 1;
  if (kind == kManaged) {
    const uint64_t begin = number(id, 1, offset_bytes_), size = number(id, 1 + offset_bytes_, length_bytes_);
    auto block = blocks_.upper_bound(begin);
    if (block == blocks_.begin()) return bad("names no block");
    --block;
    const uint64_t inside = begin - block->first;
    if (inside > block->second.size || size > block->second.size - inside) return bad("leaves its block");
    return space.at(block->second.address + inside, size, kDirect);
  }
  if (kind == kHugeKind) {
    // Where an ID has room for it, address and length stand in the ID itself; no file of ours does that.
    if (id_bytes_ > 16) return bad("names a huge object directly, which is not supported");
    const auto found = huge_.find(number(id, 1, std::min<size_t>(8, id_bytes_ - 1)));
    if (found == huge_.end()) return bad("names a huge object that is not there");
    return space.at(found->second.address, found->second.size, kHuge);
  }
  // An object in the ID itself would be smaller than any link or attribute.
  return bad("is of an unknown kind");
}

}  // namespace ink::hdf5
