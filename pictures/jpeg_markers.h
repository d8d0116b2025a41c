#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// The parts of a JPEG file that its pixels depend on, and the blocks that are kept beside them.
struct JpegOutline {
  int w = 0, h = 0;    // as stored
  int components = 0;  // 1 gray, 3 colour, 4 CMYK
  // What a decoder holds of a file whose pixels come in several scans; 0 for a single one.
  uint64_t coefficient_bytes = 0;
  // All but the application data and comments, of which only JFIF's and Adobe's say something about pixels;
  // as they lie in the file, neighbours merged.
  std::vector<ByteSpan> parts;
  ByteSpan exif, xmp;         // without their names
  std::vector<ByteSpan> icc;  // the pieces of a profile, in order; empty where one is missing
  bool broken_icc = false;
};

// Walks every marker once; see jpeg.h for what it refuses. The spans point into `file`.
Result<JpegOutline> outline_jpeg(ByteSpan file, std::string_view name, const PictureLimits& limits);

}  // namespace ink
