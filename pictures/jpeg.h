#pragma once

#include <string_view>

#include "kernels/base/result.h"
#include "pictures/picture.h"
#include "pictures/sink.h"

namespace ink {

// Reads a JPEG file held in memory: baseline and progressive, Huffman coded, of 8 bits; gray, colour, CMYK
// and YCCK, both of the last inverted as Adobe writes them, which all others copy. Every marker up to the end
// of the picture is checked before a pixel is decoded, the size against the limits and against what Huffman
// codes can hold at all. Data that libjpeg would only warn about is refused: it would put gray in place of
// what is lost. Errors: limit where the size or the number of scans is over `limits`, bad_input for anything
// else.
Result<PictureShape> jpeg_shape(ByteSpan file, std::string_view name, const PictureLimits& limits);
Result<Picture> decode_jpeg(ByteSpan file, std::string_view name, const PictureLimits& limits);

// The samples that libjpeg gives: gray, RGB, or CMYK as stored; not turned.
struct StoredJpeg {
  int w = 0, h = 0, channels = 0;  // 1, 3, 4
  bool adobe = false;              // it has Adobe's marker
  std::vector<uint8_t> samples = {};
};
enum class JpegDct { accurate, fast };
Result<StoredJpeg> decode_stored_jpeg(ByteSpan file, std::string_view name, JpegDct dct,
                                      const PictureLimits& limits);

constexpr int kJpegMostSide = 65500;         // libjpeg's
constexpr size_t kJpegMostExif = 65533 - 6;  // a marker without the block's name
constexpr size_t kJpegMostXmp = 65533 - 29;
constexpr size_t kJpegMostIcc = 255 * (65533 - 14);

// Writes baseline JPEG, colours not subsampled; quality 1 to 100. The picture has no alpha, blocks are within
// the sizes above. Errors: those of the sink.
Status encode_jpeg(const Picture& picture, const MetadataBlocks& blocks, int quality, ByteSink sink);

}  // namespace ink
