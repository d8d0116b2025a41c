#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// For p < pixels:  dst[p * dst_stride + i] = e^(x[i] - m) / sum_j e^(x[j] - m),  x = src + p * src_stride,
// m = max x,  i, j < channels, channels >= 1. dst may be src.
// x - m is rounded once, which costs up to |x - m| / 2 ulp; beside that the error stays below 8 ulp, and what
// is below 1.2e-38 of the largest may come out as that much. A row with a NaN or +inf is NaN throughout.
struct SoftmaxRow {
  const float* src;
  float* dst;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
};

// Serial; allocates nothing; touches only the elements above.
using SoftmaxKernel = void(const SoftmaxRow&);
SoftmaxKernel softmax_row_reference, softmax_row_sse42, softmax_row_avx2, softmax_row_avx512;

struct SoftmaxVariant {
  Isa isa;
  const char* name;
  SoftmaxKernel* row;
};

// Best first, reference last.
std::span<const SoftmaxVariant> softmax_variants();
const SoftmaxVariant& choose_softmax(Isa limit);

// dst[n,y,x,:] = softmax(src[n,y,x,:]) for (y, x) in `region`. The maps have one shape; dst may be src.
void softmax_run(const SoftmaxVariant& variant, View<const float> src, View<float> dst, Rect region,
                 int threads);

}  // namespace ink
