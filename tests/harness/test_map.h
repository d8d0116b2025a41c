#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kernels/base/view.h"
#include "tests/harness/guarded.h"

namespace ink::test {

// How the pixels that memory holds lie in it: without gaps; with gaps between rows (a crop of a wider map);
// with gaps between pixels too (a slice of the channels of a deeper map).
enum class Layout { dense, crop, slice };

struct Shape {
  int n, h, w, c;

  Rect whole() const { return {0, 0, h, w}; }
  size_t size() const { return index(n, 0, 0, 0); }
  // Of an element in a map without gaps.
  size_t index(int image, int y, int x, int channel) const {
    return static_cast<size_t>(((static_cast<int64_t>(image) * h + y) * w + x) * c + channel);
  }
};

// A map (n, h, w, c) of which memory holds the pixels of `held` alone, between guard pages. All memory that
// was given no value is poison (every bit set: a NaN), so that reading it spoils a result and writing it is
// seen.
template <class T>
class TestMap {
 public:
  TestMap(Shape shape, Rect held, Layout layout, GuardedFloats::Side side)
      : shape_(shape), held_(held), view_(arranged(shape, held, layout)), memory_(floats_needed(), side) {
    bytes_ = reinterpret_cast<unsigned char*>(memory_.data());
    std::memset(bytes_, kPoison, memory_bytes());
    const size_t before =
        side == GuardedFloats::Side::guard_after ? memory_bytes() - extent() * sizeof(T) : 0;
    view_.data = reinterpret_cast<T*>(bytes_ + before);
  }

  View<T> view() const { return view_; }

  // Takes the pixels of `region` from the values of the whole map, which have no gaps.
  void fill(std::span<const T> values, Rect region) {
    for_each_pixel(region, [&](int image, int y, int x) {
      std::memcpy(view_.at(image, y, x), &values[shape_.index(image, y, x, 0)], channel_bytes());
    });
  }

  // Whether the pixels of `region` have the bits of `values`, those of the whole map without gaps.
  bool equals(std::span<const T> values, Rect region) const {
    bool same = true;
    for_each_pixel(region, [&](int image, int y, int x) {
      same &= std::memcmp(view_.at(image, y, x), &values[shape_.index(image, y, x, 0)], channel_bytes()) == 0;
    });
    return same;
  }

  // Whether nothing but the pixels of `region` was ever written.
  bool untouched_outside(Rect region) const {
    std::vector<unsigned char> written(memory_bytes());
    for_each_pixel(region, [&](int image, int y, int x) {
      const auto* pixel = reinterpret_cast<const unsigned char*>(view_.at(image, y, x));
      std::memset(&written[static_cast<size_t>(pixel - bytes_)], 1, channel_bytes());
    });
    for (size_t i = 0; i < written.size(); ++i) {
      if (written[i] == 0 && bytes_[i] != kPoison) return false;
    }
    return memory_.intact();
  }

 private:
  static constexpr unsigned char kPoison = 0xff;

  static View<T> arranged(Shape shape, Rect held, Layout layout) {
    const int64_t pixel = shape.c + (layout == Layout::slice ? 3 : 0);
    const int64_t row = held.w() * pixel + (layout == Layout::crop ? 5 : 0);
    const int64_t image = held.h() * row + (layout == Layout::crop ? 7 : 0);
    return {nullptr, shape.n, shape.h, shape.w, shape.c, held.y0, held.x0, image, row, pixel};
  }

  // From the first element to the last: what follows the last pixel of a crop or a slice is not ours to
  // touch.
  size_t extent() const {
    if (held_.area() == 0) return 0;
    return static_cast<size_t>((shape_.n - 1) * view_.image_stride + (held_.h() - 1) * view_.row_stride +
                               (held_.w() - 1) * view_.pixel_stride + shape_.c);
  }
  size_t floats_needed() const { return (extent() * sizeof(T) + sizeof(float) - 1) / sizeof(float); }
  size_t memory_bytes() const { return memory_.size() * sizeof(float); }
  size_t channel_bytes() const { return static_cast<size_t>(shape_.c) * sizeof(T); }

  template <class F>
  void for_each_pixel(Rect region, F&& body) const {
    for (int image = 0; image < shape_.n; ++image) {
      for (int y = region.y0; y < region.y1; ++y) {
        for (int x = region.x0; x < region.x1; ++x) body(image, y, x);
      }
    }
  }

  Shape shape_;
  Rect held_;
  View<T> view_;
  GuardedFloats memory_;
  unsigned char* bytes_ = nullptr;  // of memory_
};

}  // namespace ink::test
