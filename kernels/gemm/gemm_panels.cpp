#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/huge_pages.h"
#include "kernels/gemm/gemm.h"

namespace ink {

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, DType dtype, Storage storage)
    : k_(k), n_(n), nr_(variant.nr), dtype_(dtype) {
  INK_CHECK(dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16);
  const int rest = n - (count() - 1) * nr_;
  last_width_ = divide_up(rest, variant.lanes) * variant.lanes;
  const size_t columns =
      static_cast<size_t>(count() - 1) * static_cast<size_t>(nr_) + static_cast<size_t>(last_width_);
  bias_ = AlignedBuffer<float>(columns);
  std::fill_n(bias_.data(), bias_.size(), 0.0f);
  if (storage == Storage::none) return;
  data_ = AlignedBuffer<std::byte>(columns * static_cast<size_t>(k_) * dtype_size(dtype));
  prefer_huge_pages(data_.data(), data_.size());
  // Only what nobody packs.
  if (last_width_ > columns_in_last()) std::fill(at(count() - 1), data_.end(), std::byte{0});
}

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, DType dtype)
    : GemmPanels(variant, k, n, dtype, Storage::packed) {}

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, DType dtype,
                       std::vector<GemmColumns> columns, std::shared_ptr<const void> owner)
    : GemmPanels(variant, k, n, dtype, Storage::none) {
  int all = 0;
  for (const GemmColumns& part : columns) all += part.columns;
  INK_CHECK(all == n);
  loose_ = std::make_unique<GemmLoose>(k, dtype, std::move(columns), std::move(owner));
}

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n) : GemmPanels(variant, k, n, DType::f32) {
  std::fill(data_.begin(), data_.end(), std::byte{0});
}

GemmPanels::GemmPanels(const GemmVariant& variant, std::span<const int64_t> k_offsets, int n,
                       const float* weights, int64_t n_stride, const float* bias, const double* factors)
    : GemmPanels(variant, static_cast<int>(k_offsets.size()), n, DType::f32) {
  for (int panel = 0; panel < count(); ++panel) {
    float* dst = mutable_weights(panel);
    const int64_t first = first_column(panel);
    for (const int64_t offset : k_offsets) {
      const float* src = weights + offset + first * n_stride;
      if (factors == nullptr) {
        for (int j = 0; j < columns(panel); ++j) dst[j] = src[j * n_stride];
      } else {
        for (int j = 0; j < columns(panel); ++j)
          dst[j] = static_cast<float>(src[j * n_stride] * factors[first + j]);
      }
      dst += width(panel);
    }
  }
  if (bias != nullptr) std::copy_n(bias, n, bias_.data());
}

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, const float* weights, int64_t k_stride,
                       int64_t n_stride, const float* bias)
    : GemmPanels(variant, k, n, DType::f32) {
  pack(0, n, weights, k_stride, n_stride);
  if (bias != nullptr) std::copy_n(bias, n, bias_.data());
}

void GemmPanels::pack(int first, int size, const void* src, int64_t k_stride, int64_t n_stride) {
  INK_CHECK(first >= 0 && size >= 0 && first + size <= n_);
  const auto bytes = static_cast<int64_t>(dtype_size(dtype_));
  for (int done = 0; done < size;) {
    const int panel = (first + done) / nr_, column = (first + done) % nr_;
    const int taken = std::min(size - done, columns(panel) - column);
    const GemmPackArgs args{static_cast<const unsigned char*>(src) + done * n_stride * bytes,
                            n_stride,
                            k_stride,
                            k_,
                            taken,
                            at(panel) + column * bytes,
                            width(panel)};
    if (dtype_ == DType::f32) {
      gemm_pack_floats(args);
    } else {
      gemm_pack_halves(args);
    }
    done += taken;
  }
}

void GemmPanels::scale(int first, std::span<const float> factors) {
  INK_CHECK(dtype_ == DType::f32 && first + static_cast<int>(factors.size()) <= n_);
  for (const float factor : factors) {
    const int panel = first / nr_, column = first % nr_;
    float* weight = mutable_weights(panel) + column;
    for (int kk = 0; kk < k_; ++kk, weight += width(panel)) *weight *= factor;
    bias_[static_cast<size_t>(first++)] *= factor;
  }
}

}  // namespace ink
