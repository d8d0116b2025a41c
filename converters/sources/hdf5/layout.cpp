#include "converters/sources/hdf5/layout.h"

#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kWhat = "a layout message";
constexpr uint64_t kMostRank = 33;  // one more than data have: the bytes of an element stand last

class LayoutReader {
 public:
  LayoutReader(const Space& space, const Message& message)
      : message_(message), reader_(message.reader(space)) {}

  Result<Layout> read() {
    INK_TRY(const uint64_t version, number(reader_, 1, kWhat));
    if (version != 3 && version != 4) return bad("has the version ", version, ", supported: 3 and 4");
    INK_TRY_STATUS(read_body(version));
    INK_TRY_STATUS(expect_end(reader_, kWhat));
    return std::move(layout_);
  }

 private:
  template <class... Parts>
  Error bad(const Parts&... parts) const {
    return model_error(reader_.file(), ": ", kWhat, " at offset ", message_.offset, " ", parts...);
  }

  Status set_kind(uint64_t kind) {
    constexpr uint64_t kVirtual = 3;
    if (kind == kVirtual) {
      return bad("describes a virtual dataset, whose data lie in other files: they are not read");
    }
    if (kind > kVirtual) return bad("has the unknown class ", kind);
    layout_.kind = static_cast<Layout::Kind>(kind);
    return {};
  }

  Status read_dims(uint64_t rank, size_t width) {
    for (uint64_t i = 0; i < rank; ++i) {
      INK_TRY(const uint64_t dim, number(reader_, width, kWhat));
      layout_.chunk.push_back(dim);
    }
    return {};
  }

  Status read_body(uint64_t version) {
    INK_TRY(const uint64_t kind, number(reader_, 1, kWhat));
    INK_TRY_STATUS(set_kind(kind));
    if (layout_.kind == Layout::Kind::compact) {
      INK_TRY(layout_.bytes, number(reader_, 2, kWhat));
      INK_TRY(layout_.compact, reader_.bytes(layout_.bytes, kWhat));
      return {};
    }
    if (layout_.kind == Layout::Kind::contiguous) {
      INK_TRY(layout_.address, reader_.u64(kWhat));
      INK_TRY(layout_.bytes, reader_.u64(kWhat));
      return {};
    }
    return version == 3 ? read_tree() : read_indexed();
  }

  Status read_tree() {
    INK_TRY(const uint64_t rank, number(reader_, 1, kWhat));
    if (rank > kMostRank) return bad("has ", rank, " dimensions");
    INK_TRY(layout_.index.address, reader_.u64(kWhat));
    INK_TRY_STATUS(read_dims(rank, 4));
    return split_element();
  }

  Status read_indexed() {
    INK_TRY(const uint64_t flags, number(reader_, 1, kWhat));
    INK_TRY(const uint64_t rank, number(reader_, 1, kWhat));
    INK_TRY(const uint64_t width, number(reader_, 1, kWhat));
    constexpr uint64_t kPartialUnfiltered = 1, kSingleFiltered = 2;
    if (flags > (kPartialUnfiltered | kSingleFiltered) || rank > kMostRank || width < 1 || width > 8) {
      return bad("has flags ", flags, ", ", rank, " dimensions and sizes of ", width, " bytes");
    }
    layout_.partial_unfiltered = flags & kPartialUnfiltered;
    INK_TRY_STATUS(read_dims(rank, width));
    INK_TRY_STATUS(split_element());
    INK_TRY(const uint64_t kind, number(reader_, 1, kWhat));
    if (kind < 1 || kind > 5) return bad("has the unknown chunk index ", kind);
    layout_.index.kind = static_cast<ChunkIndex::Kind>(kind);
    switch (layout_.index.kind) {
      case ChunkIndex::Kind::single:
        if (flags & kSingleFiltered) {
          layout_.index.filtered = true;
          INK_TRY(layout_.index.single_bytes, reader_.u64(kWhat));
          INK_TRY(layout_.index.single_skipped, number(reader_, 4, kWhat));
        }
        break;
      case ChunkIndex::Kind::fixed_array: {
        INK_TRY(layout_.index.page_bits, number(reader_, 1, kWhat));
        break;
      }
      case ChunkIndex::Kind::extensible_array: INK_TRY_STATUS(reader_.bytes(5, kWhat).status()); break;
      case ChunkIndex::Kind::tree2: INK_TRY_STATUS(reader_.bytes(6, kWhat).status()); break;
      default: break;
    }
    INK_TRY(layout_.index.address, reader_.u64(kWhat));
    return {};
  }

  Status split_element() {
    if (layout_.chunk.empty()) return bad("has chunks without dimensions");
    layout_.element_bytes = layout_.chunk.back();
    layout_.chunk.pop_back();
    return {};
  }

  const Message& message_;
  ByteReader reader_;
  Layout layout_;
};

}  // namespace

Result<Layout> read_layout(const Space& space, const Message& message) {
  return LayoutReader(space, message).read();
}

}  // namespace ink::hdf5
