#include "pictures/orient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace ink {
namespace {

Picture numbered(int w, int h, int channels, int depth) {
  Picture picture{w, h, channels, {}, depth};
  visit_samples(picture, [&](auto& samples) {
    samples.resize(sample_count(picture));
    for (size_t i = 0; i < samples.size(); ++i) {
      samples[i] = static_cast<std::remove_reference_t<decltype(samples[0])>>(i * 37);
    }
  });
  return picture;
}

// From the words of the standard: where the stored picture's first row and first column are on the one seen.
std::pair<int, int> seen_at(int orientation, int x, int y, int w, int h) {
  switch (orientation) {
    case 1: return {x, y};                  // row at the top, column on the left
    case 2: return {w - 1 - x, y};          // top, right
    case 3: return {w - 1 - x, h - 1 - y};  // bottom, right
    case 4: return {x, h - 1 - y};          // bottom, left
    case 5: return {y, x};                  // left, top
    case 6: return {h - 1 - y, x};          // right, top
    case 7: return {h - 1 - y, w - 1 - x};  // right, bottom
    default: return {y, w - 1 - x};         // left, bottom
  }
}

TEST(Orient, EveryPixelGoesWhereTheStandardSays) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1}, {1, 5}, {5, 1}, {3, 2}, {32, 33}, {65, 40}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const auto& [w, h] : kSizes) {
      for (const int depth : {8, 16}) {
        for (int channels = 1; channels <= 4; ++channels) {
          const Picture stored = numbered(w, h, channels, depth);
          const Picture seen = oriented(stored, orientation);
          ASSERT_EQ(seen.w, swaps_sides(orientation) ? h : w);
          ASSERT_EQ(seen.h, swaps_sides(orientation) ? w : h);
          for (int i = 0; i < w * h * channels; ++i) {
            const auto [x, y] = seen_at(orientation, i / channels % w, i / channels / w, w, h);
            const auto from = static_cast<size_t>(i);
            const auto to = static_cast<size_t>((y * seen.w + x) * channels + i % channels);
            if (depth == 16) {
              ASSERT_EQ(seen.pixels16[to], stored.pixels16[from]) << orientation;
            } else {
              ASSERT_EQ(seen.pixels[to], stored.pixels[from]) << orientation;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ink
