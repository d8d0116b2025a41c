#pragma once

#include <cstdint>

namespace ink {

// From a pixel of an h x w map of c channels to the next, in elements, as maps lie best for products: pixels
// a power of two apart would all meet in one set of the first-level cache.
constexpr int64_t pixel_step(int h, int w, int c) {
  constexpr int kSharedRow = 512, kSharedMap = 1024, kLine = 16;
  const int shared = h == 1 ? kSharedRow : kSharedMap;
  return w > 1 && c % shared == 0 ? int64_t{c} + kLine : c;
}

}  // namespace ink
