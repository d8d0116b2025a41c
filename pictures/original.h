#pragma once

#include <string_view>
#include <vector>

#include "kernels/base/picture_view.h"
#include "kernels/base/result.h"
#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// A picture with the numbers that another program's decoder gives: no orientation, no colour profile, no
// gamma.
struct OriginalPicture {
  int w = 0, h = 0;
  PixelMode mode = PixelMode::rgb;
  std::vector<uint8_t> samples = {};     // (h, w, mode_channels(mode)); empty for 16 bits
  std::vector<uint16_t> samples16 = {};  // the same of gray16 and rgb16
  std::vector<uint8_t> palette = {};     // (kPaletteColours, 4) RGBA of palette

  PictureView view() const { return {w, h, mode, samples.data(), samples16.data(), palette.data()}; }
};

// Reads PNG, JPEG and WebP as `decoder` does; docs/preprocessing.md has the table. Pillow keeps the mode of
// the file, the others give RGB. Files are refused as by decode_picture, with the same limits, also where the
// original would go on with what is left of a damaged one.
Result<OriginalPicture> decode_original(ByteSpan file, std::string_view name, PictureDecoder decoder,
                                        const PictureLimits& limits);

}  // namespace ink
