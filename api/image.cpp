#include "api/image.h"

#include <cstring>
#include <limits>
#include <string>

#include "api/guard.h"
#include "kernels/base/check.h"

namespace ink::api {
namespace {

std::string size_text(int64_t w, int64_t h) { return std::to_string(w) + "x" + std::to_string(h); }

void* samples_of(Picture& picture) {
  return visit_samples(picture, [](auto& samples) { return static_cast<void*>(samples.data()); });
}

const void* samples_of(const Picture& picture) {
  return visit_samples(picture, [](const auto& samples) { return static_cast<const void*>(samples.data()); });
}

}  // namespace

Result<Image> check_shape(const ink_image* image, const char* name) {
  const std::string of = name;
  if (image == nullptr) return invalid(of + " is NULL");
  if (image->width < 1 || image->height < 1) {
    return invalid(of + " is " + size_text(image->width, image->height) + ", expected at least 1x1");
  }
  if (image->channels < 1 || image->channels > 4)
    return invalid(of + ".channels is " + std::to_string(image->channels) + ", expected 1 to 4");
  if (image->depth != 8 && image->depth != 16)
    return invalid(of + ".depth is " + std::to_string(image->depth) + ", expected 8 or 16");
  Image checked{static_cast<unsigned char*>(image->data), image->width, image->height, image->channels,
                image->depth};
  checked.row_stride = checked.row_bytes();
  return checked;
}

Result<Image> check_image(const ink_image* image, const char* name) {
  INK_TRY(Image checked, check_shape(image, name));
  const std::string of = name;
  if (image->data == nullptr) return invalid(of + ".data is NULL");
  const auto sample = static_cast<size_t>(checked.depth / 8);
  if (reinterpret_cast<uintptr_t>(image->data) % sample != 0)
    return invalid(of + ".data is not aligned to its samples of " + std::to_string(sample) + " bytes");
  if (image->row_stride == 0) return checked;
  if (image->row_stride < checked.row_bytes()) {
    return invalid(of + ".row_stride is " + std::to_string(image->row_stride) + " bytes, but a row has " +
                   std::to_string(checked.row_bytes()));
  }
  if (image->row_stride % sample != 0) {
    return invalid(of + ".row_stride is " + std::to_string(image->row_stride) + " bytes, no multiple of " +
                   std::to_string(sample));
  }
  const auto rows = static_cast<size_t>(checked.h);
  const size_t room = std::numeric_limits<size_t>::max() - reinterpret_cast<uintptr_t>(image->data);
  if (image->row_stride > room / rows) {
    return invalid(of + ".row_stride is " + std::to_string(image->row_stride) + " bytes: " +
                   std::to_string(rows) + " rows of it are more than there is memory to address");
  }
  checked.row_stride = image->row_stride;
  return checked;
}

Status check_pair(const Image& src, const Image& dst, int scale) {
  const int64_t w = int64_t{src.w} * scale, h = int64_t{src.h} * scale;
  if (dst.w != w || dst.h != h) {
    return invalid("dst is " + size_text(dst.w, dst.h) + ", expected " + size_text(w, h) + ": " +
                   std::to_string(scale) + " times src");
  }
  if (dst.channels != src.channels) {
    return invalid("dst has " + std::to_string(dst.channels) + " channels, but src " +
                   std::to_string(src.channels));
  }
  if (dst.depth != src.depth) {
    return invalid("dst has a depth of " + std::to_string(dst.depth) + " bits, but src of " +
                   std::to_string(src.depth));
  }
  const auto from = reinterpret_cast<uintptr_t>(src.data), to = reinterpret_cast<uintptr_t>(dst.data);
  if (from < to + dst.extent() && to < from + src.extent()) return invalid("src and dst overlap");
  return {};
}

Picture read_image(const Image& image) {
  Picture picture{image.w, image.h, image.channels, {}, image.depth};
  visit_samples(picture, [&](auto& samples) { samples.resize(sample_count(picture)); });
  auto* to = static_cast<unsigned char*>(samples_of(picture));
  for (size_t y = 0; y < static_cast<size_t>(image.h); ++y)
    std::memcpy(to + y * image.row_bytes(), image.data + y * image.row_stride, image.row_bytes());
  return picture;
}

void write_image(const Picture& picture, const Image& image) {
  INK_CHECK(picture.w == image.w && picture.h == image.h && picture.channels == image.channels &&
            picture.depth == image.depth);
  const auto* from = static_cast<const unsigned char*>(samples_of(picture));
  for (size_t y = 0; y < static_cast<size_t>(image.h); ++y)
    std::memcpy(image.data + y * image.row_stride, from + y * image.row_bytes(), image.row_bytes());
}

}  // namespace ink::api
