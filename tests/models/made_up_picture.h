#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/picture_view.h"

namespace ink::test {

// The pictures of tests/reference/preprocess_cases.py.
struct MadeUpPicture {
  int w = 0, h = 0;
  PixelMode mode = PixelMode::rgb;
  std::vector<uint8_t> samples;
  std::vector<uint16_t> samples16;
  std::vector<uint8_t> palette;

  PictureView view() const {
    return {w,
            h,
            mode,
            samples.empty() ? nullptr : samples.data(),
            samples16.empty() ? nullptr : samples16.data(),
            palette.data()};
  }
};

// Number i of the noise of a seed.
uint64_t hash_noise(uint64_t seed, uint64_t i);
PixelMode mode_of_name(const std::string& name);
MadeUpPicture made_up_picture(PixelMode mode, int w, int h, uint64_t seed);

}  // namespace ink::test
