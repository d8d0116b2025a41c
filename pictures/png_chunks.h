#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// The parts of a PNG file that its pixels depend on, and the blocks that are kept beside them.
struct PngOutline {
  int w = 0, h = 0;               // as stored
  int channels = 0, depth = 8;    // of the decoded picture
  int colour_type = 0, bits = 8;  // as IHDR has them
  bool animated = false, interlaced = false;
  // Signature, IHDR, PLTE, tRNS, IDAT and IEND as they lie in the file, neighbours merged. A decoder that is
  // fed only these never sees an ancillary chunk, however hostile.
  std::vector<ByteSpan> parts;
  ByteSpan iccp, exif, xmp;  // the bodies of the first iCCP, eXIf and iTXt "XML:com.adobe.xmp"
};

constexpr int kPngPalette = 3;  // a colour type

// Samples of a pixel in the file; 0 where the standard has no such colour type.
int png_samples(int colour_type);

// Walks every chunk once; see png.h for what it refuses. The spans point into `file`.
Result<PngOutline> outline_png(ByteSpan file, std::string_view name, const PictureLimits& limits);

}  // namespace ink
