#include "pictures/png_filter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ink {
namespace {

struct None {
  static int predict(int, int, int) { return 0; }
};
struct Left {
  static int predict(int left, int, int) { return left; }
};
struct Above {
  static int predict(int, int above, int) { return above; }
};
struct Average {
  static int predict(int left, int above, int) { return (left + above) >> 1; }
};
struct Paeth {
  static int predict(int left, int above, int corner) {
    const int to_left = std::abs(above - corner), to_above = std::abs(left - corner);
    const int to_corner = std::abs(left + above - 2 * corner);
    const int nearer = to_above <= to_corner ? above : corner;
    return to_left <= to_above && to_left <= to_corner ? left : nearer;
  }
};

// Differences of `bytes` bytes into dst; gives the sum of their sizes, each taken as a signed byte.
template <class Type>
uint64_t differences(const uint8_t* row, const uint8_t* above, size_t bytes, size_t pixel_bytes,
                     uint8_t* dst) {
  const auto one = [&](size_t i, int left, int corner) -> uint32_t {
    const auto difference = static_cast<uint8_t>(row[i] - Type::predict(left, above[i], corner));
    dst[i] = difference;
    return static_cast<uint32_t>(std::min<int>(difference, 256 - difference));
  };
  uint64_t sum = 0;
  size_t i = 0;
  for (; i < std::min(pixel_bytes, bytes); ++i) sum += one(i, 0, 0);
  while (i < bytes) {
    // In runs whose sum fits 32 bits, which the compiler can keep in vectors.
    constexpr size_t kRun = 1 << 16;
    const size_t end = std::min(bytes, i + kRun);
    uint32_t run = 0;
    for (; i < end; ++i) run += one(i, row[i - pixel_bytes], above[i - pixel_bytes]);
    sum += run;
  }
  return sum;
}

using Differences = uint64_t (*)(const uint8_t*, const uint8_t*, size_t, size_t, uint8_t*);
constexpr Differences kTypes[] = {differences<None>, differences<Left>, differences<Above>,
                                  differences<Average>, differences<Paeth>};

}  // namespace

PngFilter::PngFilter(size_t row_bytes, size_t pixel_bytes)
    : row_bytes_(row_bytes), pixel_bytes_(pixel_bytes), zeros_(row_bytes), candidate_(row_bytes) {}

void PngFilter::filter(const uint8_t* row, const uint8_t* above, uint8_t* dst) {
  if (above == nullptr) above = zeros_.data();
  uint64_t least = UINT64_MAX;
  for (size_t type = 0; type < std::size(kTypes); ++type) {
    const uint64_t sum = kTypes[type](row, above, row_bytes_, pixel_bytes_, candidate_.data());
    if (sum >= least) continue;
    least = sum;
    dst[0] = static_cast<uint8_t>(type);
    std::memcpy(dst + 1, candidate_.data(), row_bytes_);
  }
}

}  // namespace ink
