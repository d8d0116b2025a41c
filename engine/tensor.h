#pragma once

#include <cstdint>
#include <string>

#include "kernels/base/check.h"
#include "kernels/base/dtype.h"
#include "kernels/base/view.h"

namespace ink {

// The size of a map, NHWC. A matrix (m, k) is (1, 1, m, k). kUnknown stands for a height or width that is not
// known until a plan is made for one input size.
struct Shape {
  static constexpr int kUnknown = -1;

  int n = 1, h = 1, w = 1, c = 1;

  bool known() const { return n >= 0 && h >= 0 && w >= 0 && c >= 0; }
  int64_t elements() const { return static_cast<int64_t>(n) * h * w * c; }
  bool operator==(const Shape&) const = default;
  std::string text() const;  // "1x256x256x3", "?" for unknown
};

// Borrows a tensor: its type, its shape, and its strides in elements. A crop or a slice of channels is
// another TensorView of the same memory. The shape is that of the whole map; the memory may hold only a part
// of it that starts at row y0, column x0.
struct TensorView {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  int64_t image_stride = 0, row_stride = 0, pixel_stride = 0;
  int y0 = 0, x0 = 0;

  static TensorView dense(void* data, DType dtype, Shape shape) {
    const int64_t row = static_cast<int64_t>(shape.w) * shape.c;
    return {data, dtype, shape, row * shape.h, row, shape.c};
  }

  // The same as a map of T, which must be this tensor's type. Constness is the caller's to keep.
  View<float> floats() const {
    INK_CHECK(dtype == DType::f32);
    return map_of<float>();
  }
  View<int32_t> integers() const {
    INK_CHECK(dtype == DType::i32);
    return map_of<int32_t>();
  }

  // Rows from `top` and columns from `left` on, `cropped.h` x `cropped.w` of them, of a map that is whole.
  TensorView crop(int top, int left, Shape cropped) const;

 private:
  template <class T>
  View<T> map_of() const {
    return {static_cast<T*>(data), shape.n,    shape.h,     shape.w, shape.c, y0, x0,
            image_stride,          row_stride, pixel_stride};
  }
};

}  // namespace ink
