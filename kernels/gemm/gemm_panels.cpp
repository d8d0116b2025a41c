#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/gemm/gemm.h"

namespace ink {

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, DType dtype, Storage storage,
                       Packing* packing)
    : k_(k), n_(n), nr_(variant.nr), dtype_(dtype) {
  INK_CHECK(dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16);
  const int rest = n - (count() - 1) * nr_;
  last_width_ = divide_up(rest, variant.lanes) * variant.lanes;
  const size_t columns =
      static_cast<size_t>(count() - 1) * static_cast<size_t>(nr_) + static_cast<size_t>(last_width_);
  bias_ = AlignedBuffer<float>(columns);
  std::fill_n(bias_.data(), bias_.size(), 0.0f);
  if (storage == Storage::none) return;
  data_ = PackedMemory(columns * static_cast<size_t>(k_) * dtype_size(dtype), packing);
  if (data_.data() == nullptr) return;
  // Only what nobody packs.
  if (last_width_ > columns_in_last()) std::fill(at(count() - 1), data_.data() + data_.size(), std::byte{0});
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
  std::fill_n(data_.data(), data_.size(), std::byte{0});
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

GemmPanels::GemmPanels(const GemmVariant& variant, const GemmWeights& weights, int n, const float* bias)
    : GemmPanels(variant, weights.k, n, DType::f32, Storage::packed, weights.packing) {
  if (bias != nullptr) std::copy_n(bias, n, bias_.data());
  if (data_.data() == nullptr) return;
  const auto pack_piece = [&](int panel, int first, int behind) {
    const int column = first_column(panel);
    const int64_t row = weights.rows == nullptr ? first : 0;
    const bool non_finite = variant.pack({weights.data + first * weights.k_stride + column * weights.n_stride,
                                          weights.n_stride, weights.k_stride, behind - first, columns(panel),
                                          mutable_weights(panel) + row * width(panel), width(panel),
                                          weights.factors == nullptr ? nullptr : weights.factors + column,
                                          weights.rows == nullptr ? nullptr : weights.rows + first});
    if (non_finite && weights.packing != nullptr) weights.packing->non_finite = true;
  };
  const int threads = weights.packing == nullptr ? 1 : weights.packing->threads;
  // What lies side by side is read side by side: some rows of all panels, or a panel as deep as it is.
  const bool wide = weights.n_stride == 1 && weights.k_stride != 1;
  constexpr int kRows = 32, kRowsAtOnce = 8, kDepth = 1024;
  const int step = wide ? kRows : kDepth, pieces = divide_up(k_, step);
  parallel_for(wide ? pieces : int64_t{count()} * pieces, threads, [&](int64_t task, int) {
    const int first = static_cast<int>(task % pieces) * step, behind = std::min(first + step, k_);
    if (!wide) return pack_piece(static_cast<int>(task / pieces), first, behind);
    for (int row = first; row < behind; row += kRowsAtOnce) {
      for (int panel = 0; panel < count(); ++panel)
        pack_piece(panel, row, std::min(row + kRowsAtOnce, behind));
    }
  });
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
