#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// dst[p * dst_stride + i] = act(src[p * src_stride + i] * scale[i] + shift[i]),  p < pixels, i < channels.
// dst may be src.
struct BatchNormRow {
  const float* src;
  float* dst;
  const float* scale;
  const float* shift;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
  Activation activation;
  float slope;  // of leaky_relu
};

// Serial; allocates nothing; touches only the elements above.
using BatchNormKernel = void(const BatchNormRow&);
BatchNormKernel batch_norm_row_reference, batch_norm_row_sse42, batch_norm_row_avx2, batch_norm_row_avx512;

struct BatchNormVariant {
  Isa isa;
  const char* name;
  BatchNormKernel* row;
};

// Best first, reference last.
std::span<const BatchNormVariant> batch_norm_variants();
const BatchNormVariant& choose_batch_norm(Isa limit);

// scale[i] = gamma[i] / sqrt(variance[i] + epsilon), shift[i] = beta[i] - mean[i] * scale[i], both computed
// in double and rounded once. All arrays hold `channels` values; gamma may be null for ones, beta for zeros.
void batch_norm_prepare(int channels, const float* gamma, const float* beta, const float* mean,
                        const float* variance, double epsilon, float* scale, float* shift);

// dst[n,y,x,c] = act(src[n,y,x,c] * scale[c] + shift[c]) for (y, x) in `region`. The maps have one shape; dst
// may be src.
void batch_norm_run(const BatchNormVariant& variant, const float* scale, const float* shift,
                    Activation activation, float slope, View<const float> src, View<float> dst, Rect region,
                    int threads);

}  // namespace ink
