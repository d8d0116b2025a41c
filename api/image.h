#pragma once

#include <cstddef>
#include <cstdint>

#include "api/inkstone.h"
#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace ink::api {

// An ink_image whose numbers are known to be in order.
struct Image {
  unsigned char* data = nullptr;  // not looked at before check_memory()
  int w = 0, h = 0, channels = 0, depth = 8;
  size_t row_stride = 0;  // bytes, never 0

  size_t row_bytes() const {
    return static_cast<size_t>(w) * static_cast<size_t>(channels) * static_cast<size_t>(depth / 8);
  }
  uint64_t pixels() const { return static_cast<uint64_t>(w) * static_cast<uint64_t>(h); }
  bool gapless() const { return row_stride == row_bytes(); }
  // From the first byte of the first row to the last of the last.
  size_t extent() const { return row_stride * static_cast<size_t>(h - 1) + row_bytes(); }
};

// Checks sizes, channels and depth; row_stride becomes that of rows without gaps. `name` is for messages.
Result<Image> check_shape(const ink_image* image, const char* name);
// As check_shape(), and the row stride, and that all of it can lie in memory.
Result<Image> check_image(const ink_image* image, const char* name);
// That dst fits what a network of this scale makes of src, and does not overlap it.
Status check_pair(const Image& src, const Image& dst, int scale);

Picture read_image(const Image& image);
// `picture` has the image's size, channels and depth.
void write_image(const Picture& picture, const Image& image);

}  // namespace ink::api
