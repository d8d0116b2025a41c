#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"
#include "kernels/gemm/gemm_tile.h"

namespace ink {

struct GemmVariant {
  Isa isa;
  const char* name;
  GemmTile* tile;
  int mr, nr, lanes;
};

// Best first, reference last. Convolutions and transposed convolutions run on the same tiles.
std::span<const GemmVariant> gemm_variants();
const GemmVariant& choose_gemm(Isa limit);

// The right-hand matrix (k, n) cut into panels of nr columns, each (k, panel) contiguous, zero beyond n; the
// last panel is as narrow as whole vectors allow. Made once, immutable, shared by all threads.
class GemmPanels {
 public:
  GemmPanels() = default;
  // weight(kk, j) = weights[kk * k_stride + j * n_stride]; bias has n values or is nullptr.
  GemmPanels(const GemmVariant& variant, int k, int n, const float* weights, int64_t k_stride,
             int64_t n_stride, const float* bias);
  // Where k is not one stride: weight(kk, j) = weights[k_offsets[kk] + j * n_stride] * factors[j], in double
  // and rounded once; factors may be nullptr for ones.
  GemmPanels(const GemmVariant& variant, std::span<const int64_t> k_offsets, int n, const float* weights,
             int64_t n_stride, const float* bias, const double* factors = nullptr);
  // Without bias, for weights that are written where they will be read: weight(kk, first_column(panel) + j)
  // is mutable_weights(panel)[kk * width(panel) + j]. All are 0 so far.
  GemmPanels(const GemmVariant& variant, int k, int n);

  int k() const { return k_; }
  int n() const { return n_; }
  int count() const { return (n_ + nr_ - 1) / nr_; }
  int first_column(int panel) const { return panel * nr_; }
  int columns(int panel) const { return panel + 1 < count() ? nr_ : n_ - panel * nr_; }
  int width(int panel) const { return panel + 1 < count() ? nr_ : last_width_; }
  const float* weights(int panel) const { return data_.data() + static_cast<int64_t>(panel) * nr_ * k_; }
  float* mutable_weights(int panel) { return data_.data() + static_cast<int64_t>(panel) * nr_ * k_; }
  const float* bias(int panel) const { return bias_.data() + static_cast<int64_t>(panel) * nr_; }
  size_t bytes() const { return (data_.size() + bias_.size()) * sizeof(float); }

 private:
  int k_ = 0, n_ = 0, nr_ = 1, last_width_ = 0;
  AlignedBuffer<float> data_, bias_;
};

// dst[i, j] = epilogue(bias[j] + sum_k src[i, k] * weights[k, j]) over matrices seen as maps (1, 1, m, k) and
// (1, 1, m, n); residual is such a map too, or has data == nullptr.
void gemm_run(const GemmVariant& variant, const GemmPanels& panels, View<const float> src, View<float> dst,
              View<const float> residual, const Epilogue& epilogue, int threads);

}  // namespace ink
