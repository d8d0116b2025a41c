#pragma once

#include <string_view>

#include "kernels/base/result.h"
#include "pictures/codec.h"
#include "pictures/picture.h"
#include "pictures/sink.h"

namespace ink {

// Reads a PNG file held in memory; `name` stands in messages. Palettes, gray below 8 bits and transparent
// colours are expanded (channels says to what), 16 bits stay 16, Adam7 is undone.
// The whole file is checked before a pixel is decoded: chunk by chunk with its CRC up to IEND, and the size
// against the limits and against what deflate can hold at all. So a refusal costs no more memory than the
// file. Errors: limit where the size is over `limits`, bad_input for anything else.
Result<PictureShape> png_shape(ByteSpan file, std::string_view name, const PictureLimits& limits);
Result<Picture> decode_png(ByteSpan file, std::string_view name, const PictureLimits& limits);

// The numbers that a PNG stores: palette indices as they are, gray below 8 bits scaled up to 8, no colour
// made transparent.
struct StoredPng {
  Picture picture;  // channels as stored: 1 for palettes; no metadata, not turned
  int colour_type = 0, bits = 8;
  std::vector<uint8_t> palette = {};  // 256 x RGBA; colours that the file does not have are 0, 0, 0, 255
};
// As strict as decode_png, but for indices without a colour.
Result<StoredPng> decode_stored_png(ByteSpan file, std::string_view name, const PictureLimits& limits);

struct PngOptions {
  int level = 6;  // 0 stores, 9 takes ten times as long as 6
  int threads = 1;
};

// Writes a PNG of the picture's own channels and depth. The same picture and options give the same bytes,
// whatever the number of threads. Errors: those of the sink.
Status encode_png(const Picture& picture, const MetadataBlocks& blocks, const PngOptions& options,
                  ByteSink sink);

// At most what encode_png takes beside the picture and its metadata.
uint64_t png_encoding_bytes(int w, int channels, int depth, const PngOptions& options);

}  // namespace ink
