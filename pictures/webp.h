#pragma once

#include <string_view>

#include "kernels/base/result.h"
#include "pictures/picture.h"
#include "pictures/sink.h"

namespace ink {

// Reads a still WebP file held in memory, lossy or lossless, as RGB, or RGBA where it has alpha. Every chunk
// is checked before a pixel is decoded, the size against the limits and, in a lossy file, against what its
// data can hold at all. Errors: limit where the size is over `limits`, bad_input for anything else.
Result<PictureShape> webp_shape(ByteSpan file, std::string_view name, const PictureLimits& limits);
Result<Picture> decode_webp(ByteSpan file, std::string_view name, const PictureLimits& limits);

// Only the pixels, not turned.
Result<Picture> decode_stored_webp(ByteSpan file, std::string_view name, const PictureLimits& limits);

constexpr int kWebpMostSide = 16383;

struct WebpOptions {
  int quality = 95;  // 1 to 100
  bool lossless = false;
  // Where not empty, what each gray level of a gray picture becomes; it has 2^depth.
  std::vector<uint16_t> gray_levels = {};
};

// Writes a WebP file of RGB, or RGBA where the picture has alpha. Errors: those of the sink; io where libwebp
// gives up.
Status encode_webp(const Picture& picture, const MetadataBlocks& blocks, const WebpOptions& options,
                   ByteSink sink);

}  // namespace ink
