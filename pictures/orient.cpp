#include "pictures/orient.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/check.h"

namespace ink {
namespace {

// Pixels of kBytes from src (ih, iw) to dst, which has the columns of src for rows where `swapped`.
template <size_t kBytes>
void turn(const uint8_t* src, uint8_t* dst, size_t iw, size_t ih, bool swapped, bool flip_x, bool flip_y) {
  // In blocks, so that the lines of the side that is walked across stay in the cache.
  constexpr size_t kBlock = 32;
  const size_t ow = swapped ? ih : iw, oh = swapped ? iw : ih;
  for (size_t y0 = 0; y0 < oh; y0 += kBlock) {
    for (size_t x0 = 0; x0 < ow; x0 += kBlock) {
      for (size_t y = y0; y < std::min(y0 + kBlock, oh); ++y) {
        for (size_t x = x0; x < std::min(x0 + kBlock, ow); ++x) {
          const size_t u = swapped ? y : x, v = swapped ? x : y;
          const size_t from = (flip_y ? ih - 1 - v : v) * iw + (flip_x ? iw - 1 - u : u);
          std::memcpy(dst + (y * ow + x) * kBytes, src + from * kBytes, kBytes);
        }
      }
    }
  }
}

using Turn = void (*)(const uint8_t*, uint8_t*, size_t, size_t, bool, bool, bool);

Turn turn_for(size_t pixel_bytes) {
  switch (pixel_bytes) {
    case 1: return turn<1>;
    case 2: return turn<2>;
    case 3: return turn<3>;
    case 4: return turn<4>;
    case 6: return turn<6>;
    default: return turn<8>;
  }
}

}  // namespace

Picture oriented(Picture picture, int orientation) {
  INK_CHECK(orientation >= 1 && orientation <= 8);
  if (orientation == 1) return picture;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation >= 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  visit_samples(picture, [&](auto& samples) {
    std::remove_reference_t<decltype(samples)> turned(samples.size());
    turn_for(static_cast<size_t>(picture.channels) * sizeof samples[0])(
        reinterpret_cast<const uint8_t*>(samples.data()), reinterpret_cast<uint8_t*>(turned.data()),
        static_cast<size_t>(picture.w), static_cast<size_t>(picture.h), swaps_sides(orientation), flip_x,
        flip_y);
    samples = std::move(turned);
  });
  if (swaps_sides(orientation)) std::swap(picture.w, picture.h);
  return picture;
}

}  // namespace ink
