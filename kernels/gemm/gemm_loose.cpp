#include "kernels/gemm/gemm_loose.h"

#include <algorithm>
#include <cstring>

namespace ink {
namespace {

// A value is NaN or infinite where every bit of its exponent is set.
bool any_non_finite(const uint16_t* values, int64_t count, uint16_t exponent) {
  uint16_t found = 0;
  for (int64_t i = 0; i < count; ++i) {
    found = static_cast<uint16_t>(found | static_cast<uint16_t>((values[i] & exponent) == exponent));
  }
  return found != 0;
}

// Lines in four places by turns (gemm_places()).
class Asking {
 public:
  Asking(const unsigned char* data, int64_t bytes) : data_(data), apart_(bytes / kPlaces / kLine * kLine) {}
  void ask(int lines) {
    for (int i = 0; i < lines && done_ < apart_; i += kPlaces, done_ += kLine) {
      for (int place = 0; place < kPlaces; ++place) __builtin_prefetch(data_ + place * apart_ + done_, 0, 2);
    }
  }

 private:
  static constexpr int kPlaces = 4, kLine = 64;
  const unsigned char* data_;
  int64_t apart_, done_ = 0;
};

}  // namespace

const unsigned char* GemmLoose::column(int index) const {
  auto part = parts_.begin();
  for (; index >= part->columns && part + 1 != parts_.end(); ++part) index -= part->columns;
  return static_cast<const unsigned char*>(part->data) + index * column_bytes();
}

void GemmLoose::pack(GemmPack* pack_floats, int first, int columns, int width, void* dst,
                     const unsigned char* ahead, int64_t ahead_bytes) const {
  constexpr int kLine = 64;
  const int size = static_cast<int>(dtype_size(dtype_)), deep = kLine / size;
  auto* const bytes = static_cast<unsigned char*>(dst);
  if (width > columns) std::memset(dst, 0, static_cast<size_t>(width) * static_cast<size_t>(column_bytes()));
  Asking asking(ahead, ahead_bytes);
  const int lines_a_step = static_cast<int>(ahead_bytes / kLine / std::max(1, k_ / deep)) + 1;
  bool found = false;
  for (int k = 0; k < k_; k += deep) {
    const int depth = std::min(deep, k_ - k);
    asking.ask(lines_a_step);
    int part_first = 0;
    for (const GemmColumns& part : parts_) {
      const int begin = std::max(first, part_first),
                end = std::min(first + columns, part_first + part.columns);
      if (begin < end) {
        const GemmPackArgs args{static_cast<const unsigned char*>(part.data) +
                                    (begin - part_first) * column_bytes() + static_cast<int64_t>(k) * size,
                                k_,
                                1,
                                depth,
                                end - begin,
                                bytes + (static_cast<int64_t>(k) * width + begin - first) * size,
                                width};
        if (dtype_ == DType::f32) {
          found = pack_floats(args) || found;
        } else {
          gemm_pack_halves(args);
        }
      }
      part_first += part.columns;
    }
    if (dtype_ != DType::f32 && !found) {
      found = any_non_finite(reinterpret_cast<const uint16_t*>(bytes) + static_cast<int64_t>(k) * width,
                             static_cast<int64_t>(width) * depth, dtype_ == DType::f16 ? 0x7c00 : 0x7f80);
    }
  }
  if (found) saw_non_finite_.store(true, std::memory_order_relaxed);
}

}  // namespace ink
