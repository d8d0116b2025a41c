#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "kernels/base/function_ref.h"
#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace ink {

struct PictureShape {
  int w = 0, h = 0, channels = 0;
};

// Reads a PNG file held in memory; `name` stands in messages. Palettes, gray below 8 bits and transparent
// colours are expanded (channels says to what), 16 bits become 8 by rounding v / 257, Adam7 is undone, colour
// profiles and text are not looked at.
// The whole file is checked before a pixel is decoded: chunk by chunk with its CRC up to IEND, and the size
// against the limits and against what deflate can hold at all. So a refusal costs no more memory than the
// file. Errors: limit where the size is over `limits`, bad_input for anything else.
Result<PictureShape> png_shape(std::span<const std::byte> file, std::string_view name,
                               const PictureLimits& limits);
Result<Picture> decode_png(std::span<const std::byte> file, std::string_view name,
                           const PictureLimits& limits);

struct PngOptions {
  int level = 6;  // zlib's, 0 to 9
};

// Writes a PNG of the picture's own channels, piece by piece, to `sink`; an error of the sink ends the
// writing and is returned. The same picture and options always give the same bytes.
using ByteSink = FunctionRef<Status(std::span<const std::byte>)>;
Status encode_png(const Picture& picture, const PngOptions& options, ByteSink sink);

// "libpng 1.6.39, zlib 1.2.13": those that run.
std::string picture_library_versions();

}  // namespace ink
