#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/base/dtype.h"
#include "kernels/gemm/gemm_tile.h"

namespace ink {

// Columns of a right-hand matrix of k rows where they were released: weight(kk, j) is element kk + j * k of
// what `data` points at, whatever its alignment.
struct GemmColumns {
  const void* data;
  int columns;
};

// A right-hand matrix that is used once, or nearly: a panel is packed just before the tiles want it, and
// again the next time. So no memory is filled that all of the weights fit in.
class GemmLoose {
 public:
  // owner keeps the bytes of the parts where they are.
  GemmLoose(int k, DType dtype, std::vector<GemmColumns> parts, std::shared_ptr<const void> owner)
      : k_(k), dtype_(dtype), parts_(std::move(parts)), owner_(std::move(owner)) {}

  // dst[kk * width + j] = weight(kk, first + j), j < columns, and 0 for the other j < width. Meanwhile asks
  // for the first `ahead_bytes` bytes at `ahead`.
  // pack_floats: that of the variant.
  void pack(GemmPack* pack_floats, int first, int columns, int width, void* dst, const unsigned char* ahead,
            int64_t ahead_bytes) const;
  // Where a column lies; the next one follows it, as far as the same part reaches.
  const unsigned char* column(int index) const;
  // Whether a value that was packed so far is infinite or NaN.
  bool saw_non_finite() const { return saw_non_finite_.load(std::memory_order_relaxed); }

 private:
  int64_t column_bytes() const { return k_ * static_cast<int64_t>(dtype_size(dtype_)); }

  int k_;
  DType dtype_;
  std::vector<GemmColumns> parts_;
  std::shared_ptr<const void> owner_;
  mutable std::atomic<bool> saw_non_finite_{false};
};

}  // namespace ink
