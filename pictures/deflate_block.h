#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pictures/bytes.h"

namespace ink {

// Compresses independent blocks of bytes whose results, one after the other, are a single deflate stream.
// libdeflate takes a third of zlib's time for the same size, but ends every result with a block that is
// marked as the last of its stream; the mark is taken out again and the stream filled up to a whole byte.
class DeflateBlocks {
 public:
  // For blocks of at most `largest` bytes; level 0 to 9.
  DeflateBlocks(size_t largest, int level);
  ~DeflateBlocks();
  DeflateBlocks(DeflateBlocks&&) noexcept;

  // The most that a block of `bytes` can become.
  size_t bound(size_t bytes) const;
  // Compresses src into dst, which has bound(src.size()) bytes, and gives how many it became. Allocates
  // nothing.
  size_t compress(ByteSpan src, bool last, std::byte* dst);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A complete zlib stream.
std::vector<std::byte> zlib_block(ByteSpan src);

}  // namespace ink
