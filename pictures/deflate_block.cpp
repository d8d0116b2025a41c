#include "pictures/deflate_block.h"

#include <libdeflate.h>
#include <zlib.h>

#include <new>

#include "kernels/base/check.h"

namespace ink {
namespace {

// libdeflate's 7 to 9 gain little for their time; its near-optimal 10 and 12 gain more in the same.
constexpr int kLevels[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 12};
constexpr size_t kFill = 6;  // an empty stored block: 3 bits filled up to a byte, then two lengths

libdeflate_compressor* make_compressor(int level) {
  libdeflate_compressor* made = libdeflate_alloc_compressor(kLevels[level]);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

struct CompressorDeleter {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, CompressorDeleter>;

}  // namespace

struct DeflateBlocks::State {
  State(size_t largest, int level) : compressor(make_compressor(level)), inflated(largest + 1) {
    if (inflateInit2(&scan, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&scan); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  struct Ends {
    size_t last_block, stream;  // where each begins and ends, in bits
  };
  Ends find_ends(const std::byte* stream, size_t bytes, size_t raw_bytes);

  Compressor compressor;
  std::vector<std::byte> inflated;
  z_stream scan{};
};

// Only a decoder can tell where a deflate block ends.
DeflateBlocks::State::Ends DeflateBlocks::State::find_ends(const std::byte* stream, size_t bytes,
                                                           size_t raw_bytes) {
  constexpr int kUnusedBits = 31, kInLastBlock = 64, kAtEnd = 128;
  INK_CHECK(inflateReset(&scan) == Z_OK);
  scan.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stream));
  scan.avail_in = static_cast<uInt>(bytes);
  scan.next_out = reinterpret_cast<Bytef*>(inflated.data());
  scan.avail_out = static_cast<uInt>(inflated.size());
  for (size_t begin = 0;;) {
    INK_CHECK(inflate(&scan, Z_BLOCK) == Z_OK);
    if ((scan.data_type & kAtEnd) == 0) continue;
    const size_t end = scan.total_in * 8 - static_cast<size_t>(scan.data_type & kUnusedBits);
    if ((scan.data_type & kInLastBlock) == 0) {
      begin = end;
      continue;
    }
    INK_CHECK(scan.total_out == raw_bytes);
    return {begin, end};
  }
}

DeflateBlocks::DeflateBlocks(size_t largest, int level) : state_(std::make_unique<State>(largest, level)) {}
DeflateBlocks::~DeflateBlocks() = default;
DeflateBlocks::DeflateBlocks(DeflateBlocks&&) noexcept = default;

size_t DeflateBlocks::bound(size_t bytes) const {
  return libdeflate_deflate_compress_bound(state_->compressor.get(), bytes) + kFill;
}

size_t DeflateBlocks::compress(ByteSpan src, bool last, std::byte* dst) {
  size_t size = libdeflate_deflate_compress(state_->compressor.get(), src.data(), src.size(), dst,
                                            bound(src.size()) - kFill);
  INK_CHECK(size > 0);
  if (last) return size;
  const auto [begin, end] = state_->find_ends(dst, size, src.size());
  dst[begin / 8] &= static_cast<std::byte>(~(1u << (begin % 8)));
  if (end % 8 == 0) return end / 8;
  // The header of a stored block is 3 zeros, and so is what fills it up.
  size = (end + 3 + 7) / 8;
  dst[end / 8] &= static_cast<std::byte>((1u << (end % 8)) - 1);
  if (size > end / 8 + 1) dst[size - 1] = std::byte{0};
  for (const unsigned length : {0x00u, 0x00u, 0xffu, 0xffu}) dst[size++] = static_cast<std::byte>(length);
  return size;
}

std::vector<std::byte> zlib_block(ByteSpan src) {
  const Compressor compressor(make_compressor(6));
  std::vector<std::byte> packed(libdeflate_zlib_compress_bound(compressor.get(), src.size()));
  packed.resize(
      libdeflate_zlib_compress(compressor.get(), src.data(), src.size(), packed.data(), packed.size()));
  return packed;
}

}  // namespace ink
