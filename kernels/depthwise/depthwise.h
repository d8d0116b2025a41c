#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"
#include "kernels/conv/conv.h"

namespace ink {

// Pixels whose sum is one.
inline constexpr int kDepthwiseCell = 6;

// For p < pixels, i < channels:
//   dst[p * dst_stride + i] = epilogue(bias[i] + sum over y < rows, x < columns of
//       src[p * src_step + y * row_step + x * column_step + i] * weights[y * weight_row_step + x *
//       weight_step + i])
// The sum runs row by row. rows and columns may be 0; then src and weights are not read. dst overlaps nothing
// but, as a whole, residual. Where sums is not nullptr, one pixel after the other:
//   sums[p / kDepthwiseCell * sums_stride + i] += dst[p * dst_stride + i], in double
struct DepthwiseRow {
  const float* src;
  const float* weights;
  const float* bias;
  float* dst;
  const float* residual;  // or nullptr
  int64_t pixels, channels;
  int64_t src_step, row_step, column_step;
  int64_t weight_row_step, weight_step;
  int64_t dst_stride, residual_stride;
  int rows, columns;
  Epilogue epilogue;
  double* sums = nullptr;
  int64_t sums_stride = 0;
};

// Serial; allocates nothing; touches only the elements above.
using DepthwiseKernel = void(const DepthwiseRow&);
DepthwiseKernel depthwise_row_reference, depthwise_row_sse42, depthwise_row_avx2, depthwise_row_avx512;

struct DepthwiseVariant {
  Isa isa;
  const char* name;
  DepthwiseKernel* row;
};

// Best first, reference last.
std::span<const DepthwiseVariant> depthwise_variants();
const DepthwiseVariant& choose_depthwise(Isa limit);

// The convolution of conv.h where every channel has a kernel of its own: groups == ic == oc. Any kernel size,
// stride, dilation and padding. Taps outside the map are left out of the sum.
class DepthwiseConv {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);

  // bias: oc values or nullptr.
  DepthwiseConv(const DepthwiseVariant& variant, const ConvParams& params, const ConvWeights& weights,
                const float* bias);

  size_t scratch_floats(int /*threads*/) const { return 0; }
  size_t packed_bytes() const { return (weights_.size() + bias_.size()) * sizeof(float); }
  // As TapConv::run().
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  const DepthwiseVariant* variant_;
  ConvParams params_;
  AlignedBuffer<float> weights_, bias_;  // weights (kh, kw, c)
};

}  // namespace ink
