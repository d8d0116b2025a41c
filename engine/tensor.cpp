#include "engine/tensor.h"

namespace ink {
namespace {

std::string size_text(int size) { return size == Shape::kUnknown ? "?" : std::to_string(size); }

}  // namespace

std::string Shape::text() const {
  return size_text(n) + "x" + size_text(h) + "x" + size_text(w) + "x" + size_text(c);
}

TensorView TensorView::crop(int top, int left, Shape cropped) const {
  INK_CHECK(y0 == 0 && x0 == 0);
  INK_CHECK(top >= 0 && left >= 0 && top + cropped.h <= shape.h && left + cropped.w <= shape.w &&
            cropped.c == shape.c);
  TensorView view = *this;
  const int64_t offset = top * row_stride + left * pixel_stride;
  view.data = static_cast<unsigned char*>(data) + offset * static_cast<int64_t>(dtype_size(dtype));
  view.shape = cropped;
  return view;
}

}  // namespace ink
