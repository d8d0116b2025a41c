#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ink {

// Filters rows for PNG: of the five predictions, the one whose differences have the least absolute sum.
class PngFilter {
 public:
  // pixel_bytes: of a whole pixel, which is how far to the left a prediction looks.
  PngFilter(size_t row_bytes, size_t pixel_bytes);

  // Writes 1 + row_bytes to dst: the type and the differences of `row` from what `above`, the row before it,
  // predicts. above may be nullptr: zeros.
  void filter(const uint8_t* row, const uint8_t* above, uint8_t* dst);

 private:
  size_t row_bytes_, pixel_bytes_;
  std::vector<uint8_t> zeros_, candidate_;
};

}  // namespace ink
