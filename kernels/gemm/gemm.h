#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/divide.h"
#include "kernels/base/dtype.h"
#include "kernels/base/isa.h"
#include "kernels/base/packing.h"
#include "kernels/base/view.h"
#include "kernels/gemm/gemm_loose.h"
#include "kernels/gemm/gemm_tile.h"

namespace ink {

struct GemmVariant {
  Isa isa;
  const char* name;
  GemmTile* tile;
  GemmRow* row;  // or nullptr
  GemmWiden* widen;
  GemmPack* pack;
  GemmLine* line;  // of tiles of mr x nr; or nullptr
  int mr, nr, lanes;
  bool interleaved = false;  // whether the tile also takes rows side by side, which it likes better
};

// Of any variant's tile.
constexpr int kMostTileRows = 14, kMostTileColumns = 32;

// Best first, reference last. Convolutions and transposed convolutions run on the same tiles.
std::span<const GemmVariant> gemm_variants();
const GemmVariant& choose_gemm(Isa limit);

// A right-hand matrix as it was released: data[s * k_stride + j * n_stride] * factors[j] is weight(rows[s],
// j), in double and rounded once; where they are nullptr, factors are ones and row s is row s.
struct GemmWeights {
  const float* data;
  int k;
  int64_t k_stride, n_stride;
  const double* factors = nullptr;
  const int32_t* rows = nullptr;
  Packing* packing = nullptr;  // or memory of its own, by this thread
};

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
  // Floats of any strides, whole or for one run.
  GemmPanels(const GemmVariant& variant, const GemmWeights& weights, int n, const float* bias);
  // Weights of f32, f16 or bf16, which stay so: pack() is to be called for every column. The bias is 0 so
  // far.
  GemmPanels(const GemmVariant& variant, int k, int n, DType dtype);
  // Weights of that type that stay where they are, n columns in all, k contiguous; the bias is 0 so far.
  // `owner` keeps them there.
  GemmPanels(const GemmVariant& variant, int k, int n, DType dtype, std::vector<GemmColumns> columns,
             std::shared_ptr<const void> owner);
  // Without bias, for weights that are written where they will be read: weight(kk, first_column(panel) + j)
  // is mutable_weights(panel)[kk * width(panel) + j]. All are 0 so far.
  GemmPanels(const GemmVariant& variant, int k, int n);

  int k() const { return k_; }
  int n() const { return n_; }
  int count() const { return divide_up(n_, nr_); }
  int first_column(int panel) const { return panel * nr_; }
  int columns(int panel) const { return panel + 1 < count() ? nr_ : n_ - panel * nr_; }
  int width(int panel) const { return panel + 1 < count() ? nr_ : last_width_; }
  DType dtype() const { return dtype_; }
  // Where the weights stay where they are; of the functions below only bytes_of() and bias() are for such
  // panels.
  const GemmLoose* loose() const { return loose_.get(); }
  // Of f32 panels.
  const float* weights(int panel) const { return reinterpret_cast<const float*>(at(panel)); }
  float* mutable_weights(int panel) { return reinterpret_cast<float*>(at(panel)); }
  // Of loose panels, too: those of their columns, as they were released.
  const unsigned char* bytes_of(int panel) const {
    if (loose_ != nullptr) return loose_->column(first_column(panel));
    return reinterpret_cast<const unsigned char*>(at(panel));
  }
  // Of f16 and bf16 panels.
  const uint16_t* halves(int panel) const { return reinterpret_cast<const uint16_t*>(at(panel)); }
  const float* bias(int panel) const { return bias_.data() + static_cast<int64_t>(panel) * nr_; }
  float* mutable_bias() { return bias_.data(); }
  size_t bytes() const { return data_.size() + bias_.size() * sizeof(float); }

  // Columns [first, first + size): weight(kk, first + j) = element kk * k_stride + j * n_stride of src, which
  // holds elements of dtype() at any alignment.
  void pack(int first, int size, const void* src, int64_t k_stride, int64_t n_stride);
  // Multiplies columns from `first` on, weights of f32 and bias.
  void scale(int first, std::span<const float> factors);

 private:
  enum class Storage { packed, none };
  GemmPanels(const GemmVariant& variant, int k, int n, DType dtype, Storage storage,
             Packing* packing = nullptr);
  std::byte* at(int panel) { return data_.data() + offset(panel); }
  const std::byte* at(int panel) const { return data_.data() + offset(panel); }
  int64_t offset(int panel) const {
    return static_cast<int64_t>(panel) * nr_ * k_ * static_cast<int64_t>(dtype_size(dtype_));
  }
  int columns_in_last() const { return columns(count() - 1); }

  int k_ = 0, n_ = 0, nr_ = 1, last_width_ = 0;
  DType dtype_ = DType::f32;
  std::unique_ptr<GemmLoose> loose_;
  PackedMemory data_;
  AlignedBuffer<float> bias_;
};

// dst[i, j] = epilogue(bias[j] + sum_k src[i, k] * weights[k, j]) over matrices seen as maps (1, 1, m, k) and
// (1, 1, m, n); residual is such a map too, or has data == nullptr. Weights of 16 bits are widened on the way
// to the tiles, which give the bits of the same weights in f32. With a scratch of gemm_scratch_floats(),
// 64-byte aligned, it may be faster; the bits are the same. Loose panels need it.
void gemm_run(const GemmVariant& variant, const GemmPanels& panels, View<const float> src, View<float> dst,
              View<const float> residual, const Epilogue& epilogue, int threads, float* scratch = nullptr);
// For products of up to m rows.
size_t gemm_scratch_floats(const GemmVariant& variant, const GemmPanels& panels, int64_t m, int threads);

}  // namespace ink
