#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// dst[p * dst_stride + i] = (x_i - mean) / sqrt(variance + epsilon) * gamma[i] + beta[i],  i < channels, for
// each of `pixels` rows x = src + p * src_stride; mean and variance (divided by `channels`) are those of the
// row. Memory is read once, the row then lies in the first-level cache: the mean comes first and the squares
// of what remains after it, so that a large mean cancels nothing. With c channels each sum has a relative
// error below (c / 64 + 8) roundings of the sum of its magnitudes. dst may be src.
struct LayerNormRow {
  const float* src;
  float* dst;
  const float* gamma;
  const float* beta;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
  float epsilon;
};

// Serial; allocates nothing; touches only the elements above. A row's bits do not depend on its neighbours.
using LayerNormKernel = void(const LayerNormRow&);
LayerNormKernel layer_norm_row_reference, layer_norm_row_sse42, layer_norm_row_avx2, layer_norm_row_avx512;

struct LayerNormVariant {
  Isa isa;
  const char* name;
  LayerNormKernel* row;
};

// Best first, reference last.
std::span<const LayerNormVariant> layer_norm_variants();
const LayerNormVariant& choose_layer_norm(Isa limit);

// The same for every pixel of `region`; gamma and beta have dst.c values.
void layer_norm_run(const LayerNormVariant& variant, const float* gamma, const float* beta, float epsilon,
                    View<const float> src, View<float> dst, Rect region, int threads);

}  // namespace ink
