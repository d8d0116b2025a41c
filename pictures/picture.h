#pragma once

#include <cstdint>
#include <vector>

namespace ink {

// A picture of 8-bit samples: rows from the top, interleaved, without gaps. Channels: 1 gray, 2 gray and
// alpha, 3 RGB, 4 RGB and alpha; alpha is not premultiplied.
struct Picture {
  int w = 0, h = 0, channels = 0;
  std::vector<uint8_t> pixels;  // (h, w, channels)
};

constexpr bool has_alpha(int channels) { return channels == 2 || channels == 4; }
constexpr bool is_gray(int channels) { return channels <= 2; }

// What a picture must not exceed, checked before memory is taken for it.
struct PictureLimits {
  int side = 32768;
  int64_t pixels = int64_t{128} << 20;
  uint64_t file_bytes = uint64_t{2} << 30;  // for whoever opens the file
};

}  // namespace ink
