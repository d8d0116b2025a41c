#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/huge_pages.h"
#include "kernels/gemm/gemm_tile.h"
#include "kernels/reduced/reduced.h"

namespace ink {
namespace {

int64_t groups_of(const ReducedVariant& variant, int k) {
  const int64_t groups = divide_up(int64_t{k}, variant.elements);
  return divide_up(groups, variant.group_step) * variant.group_step;
}

}  // namespace

ReducedPanels::ReducedPanels(const ReducedVariant& variant, int k, int n)
    : variant_(&variant), k_(k), n_(n), groups_(groups_of(variant, k)) {
  const auto columns = static_cast<size_t>(count()) * static_cast<size_t>(variant.nr);
  data_ = AlignedBuffer<std::byte>(columns * static_cast<size_t>(groups_) * kGroupBytes);
  prefer_huge_pages(data_.data(), data_.size());
  // Only what nobody packs.
  if (count() > 0) std::fill_n(data_.data() + (count() - 1) * panel_bytes(), panel_bytes(), std::byte{0});
  scales_ = AlignedBuffer<float>(columns);
  std::fill(scales_.begin(), scales_.end(), 0.0f);
  bias_ = AlignedBuffer<float>(columns);
  std::fill(bias_.begin(), bias_.end(), 0.0f);
  if (variant.offset == 0) return;
  start_ = AlignedBuffer<int32_t>(columns);
  std::fill(start_.begin(), start_.end(), 0);
}

void ReducedPanels::pack(int first, int count, FunctionRef<void(int column, int size, float* rows)> fill) {
  INK_CHECK(first >= 0 && count >= 0 && first + count <= n_);
  const int nr = variant_->nr;
  constexpr int kSlack = 64 / kGroupBytes;
  AlignedBuffer<float> rows(static_cast<size_t>(nr) * static_cast<size_t>(k_));
  AlignedBuffer<uint32_t> converted(static_cast<size_t>(nr) * static_cast<size_t>(groups_) + kSlack);
  for (int done = 0; done < count;) {
    const int begin = first + done, panel = begin / nr, column = begin % nr;
    const int taken = std::min(count - done, columns(panel) - column);
    fill(begin - first, taken, rows.data());
    for (int j = 0; j < taken; ++j) {
      const ReducedPiece piece{rows.data() + static_cast<int64_t>(j) * k_, k_};
      uint32_t* row = converted.data() + j * groups_;
      scales_[static_cast<size_t>(begin + j)] = variant_->weights({&piece, 1, row, groups_});
      if (start_.size() == 0) continue;
      const auto* integers = reinterpret_cast<const int8_t*>(row);
      int32_t sum = 0;
      for (int64_t i = 0; i < groups_ * kGroupBytes; ++i) sum += integers[i];
      start_[static_cast<size_t>(begin + j)] = -variant_->offset * sum;
    }
    gemm_pack_floats({converted.data(), groups_, 1, static_cast<int>(groups_), taken,
                      data_.data() + panel * panel_bytes() + column * kGroupBytes, nr});
    done += taken;
  }
}

}  // namespace ink
