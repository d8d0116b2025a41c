#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace ink {

// The parts of a PNG file that its pixels depend on.
struct PngOutline {
  int w = 0, h = 0;
  int channels = 0;  // of the decoded picture
  // Signature, IHDR, PLTE, tRNS, IDAT and IEND as they lie in the file, neighbours merged. A decoder that is
  // fed only these never sees an ancillary chunk, however hostile.
  std::vector<std::span<const std::byte>> parts;
};

// Walks every chunk once; see png.h for what it refuses. The spans point into `file`.
Result<PngOutline> outline_png(std::span<const std::byte> file, std::string_view name,
                               const PictureLimits& limits);

}  // namespace ink
