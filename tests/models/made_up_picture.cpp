#include "tests/models/made_up_picture.h"

#include <algorithm>
#include <iterator>

#include "kernels/base/check.h"

namespace ink::test {

uint64_t hash_noise(uint64_t seed, uint64_t i) {
  uint64_t z = (i + seed + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

PixelMode mode_of_name(const std::string& name) {
  constexpr const char* kNames[] = {"bit",     "gray", "gray_alpha", "rgb",  "rgba",
                                    "palette", "cmyk", "gray16",     "rgb16"};
  const auto* at = std::find(std::begin(kNames), std::end(kNames), name);
  INK_CHECK(at != std::end(kNames));
  return static_cast<PixelMode>(at - std::begin(kNames));
}

MadeUpPicture made_up_picture(PixelMode mode, int w, int h, uint64_t seed) {
  MadeUpPicture picture{w, h, mode, {}, {}, {}};
  const int channels = mode_channels(mode);
  uint64_t i = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      for (int c = 0; c < channels; ++c, ++i) {
        const uint64_t noise = hash_noise(seed, i);
        auto value = static_cast<unsigned>((x * 255 / w + y * 3 + c * 57) % 256);
        if (noise % 3 == 0) value = static_cast<unsigned>(noise >> 56);
        if (mode == PixelMode::bit) value = value > 127 ? 255 : 0;
        if (mode == PixelMode::gray16 || mode == PixelMode::rgb16) {
          picture.samples16.push_back(static_cast<uint16_t>(value * 256 + (noise >> 40) % 256));
        } else {
          picture.samples.push_back(static_cast<uint8_t>(value));
        }
      }
    }
  }
  for (uint64_t k = 0; k < kPaletteColours * 4; ++k) {
    picture.palette.push_back(static_cast<uint8_t>(hash_noise(seed + 7, k) >> 56));
  }
  return picture;
}

}  // namespace ink::test
