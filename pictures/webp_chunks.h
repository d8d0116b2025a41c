#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/base/result.h"
#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// The outline of a WebP file, and the blocks that are kept beside its pixels.
struct WebpOutline {
  int w = 0, h = 0;  // as stored
  bool alpha = false, lossless = false;
  ByteSpan riff;  // the file without what lies behind its end
  ByteSpan icc, exif, xmp;
};

// Walks every chunk once; see webp.h for what it refuses. The spans point into `file`.
Result<WebpOutline> outline_webp(ByteSpan file, std::string_view name, const PictureLimits& limits);

// One chunk of a RIFF file.
struct RiffChunk {
  std::string_view type;
  ByteSpan body;
};
constexpr size_t kRiffHead = 12, kRiffChunkHead = 8;
// The chunk at `at`, which moves behind it and its filling; nothing where it does not fit into the file.
bool next_riff_chunk(ByteSpan riff, size_t& at, RiffChunk& chunk);

}  // namespace ink
