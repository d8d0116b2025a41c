#pragma once

#include <cstdint>
#include <type_traits>

namespace ink {

// A rectangle of a map: rows [y0, y1), columns [x0, x1), in the coordinates of the whole map.
struct Rect {
  int y0 = 0, x0 = 0, y1 = 0, x1 = 0;

  int h() const { return y1 - y0; }
  int w() const { return x1 - x0; }
  int64_t area() const { return static_cast<int64_t>(h()) * w(); }
  bool empty() const { return h() <= 0 || w() <= 0; }
  bool operator==(const Rect&) const = default;
};

// Empty where the two share no pixel.
constexpr Rect intersection(const Rect& a, const Rect& b) {
  return {a.y0 > b.y0 ? a.y0 : b.y0, a.x0 > b.x0 ? a.x0 : b.x0, a.y1 < b.y1 ? a.y1 : b.y1,
          a.x1 < b.x1 ? a.x1 : b.x1};
}

// Borrows a map (n, h, w, c). The sizes are those of the whole map; the memory may hold only a part of it
// that starts at row y0, column x0. Channels are contiguous, strides count elements. A matrix (m, k) is the
// map (1, 1, m, k). A crop or a slice of channels is another view of the same memory.
template <class T>
struct View {
  T* data = nullptr;  // element (0, y0, x0, 0)
  int n = 1, h = 0, w = 0, c = 0;
  int y0 = 0, x0 = 0;
  int64_t image_stride = 0, row_stride = 0, pixel_stride = 0;

  T* at(int image, int y, int x) const {
    return data + image * image_stride + (y - y0) * row_stride + (x - x0) * pixel_stride;
  }
  // Whether the pixels of a row follow each other without gaps.
  bool gapless() const { return pixel_stride == c; }
  Rect whole() const { return {0, 0, h, w}; }
  operator View<const T>() const requires(!std::is_const_v<T>) {
    return {data, n, h, w, c, y0, x0, image_stride, row_stride, pixel_stride};
  }
};

// A whole map packed without gaps.
template <class T>
View<T> dense_view(T* data, int n, int h, int w, int c) {
  const int64_t row = static_cast<int64_t>(w) * c;
  return {data, n, h, w, c, 0, 0, row * h, row, c};
}

}  // namespace ink
