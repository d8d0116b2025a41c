#pragma once

#include <cstdint>
#include <vector>

#include "kernels/base/check.h"
#include "pictures/picture.h"

namespace ink {

// v / 257 to the nearest: the 8 bits of 16.
constexpr uint8_t to_8_bits(uint16_t v) { return static_cast<uint8_t>((v * 255u + 32895u) >> 16); }

// The rows of a picture for encoders that know 8 bits only, and perhaps no gray.
class Rows8 {
 public:
  // `channels`: the picture's own, or 3 for 1 and 4 for 2. `levels`, where not empty, replaces each gray
  // level.
  Rows8(const Picture& picture, int channels, std::vector<uint16_t> levels = {});

  int w() const { return picture_.w; }
  int h() const { return picture_.h; }
  int channels() const { return channels_; }
  // Stays until the next call. Allocates nothing.
  const uint8_t* row(int y);

 private:
  template <class Sample>
  void fill(const Sample* src);

  const Picture& picture_;
  int channels_;
  std::vector<uint16_t> levels_;
  std::vector<uint8_t> row_;  // empty where the picture's own rows will do
};

}  // namespace ink
