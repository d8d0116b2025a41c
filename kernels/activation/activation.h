#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// dst[i] = act(src[i]),  i < count. dst may be src.
struct ActivationRow {
  const float* src;
  float* dst;
  int64_t count;
  Activation activation;
  float slope;  // of leaky_relu
};

// Serial; allocates nothing; reads and writes nothing but the `count` elements.
using ActivationKernel = void(const ActivationRow&);
ActivationKernel activation_row_reference, activation_row_sse42, activation_row_avx2, activation_row_avx512;

struct ActivationVariant {
  Isa isa;
  const char* name;
  ActivationKernel* row;
};

// Best first, reference last.
std::span<const ActivationVariant> activation_variants();
const ActivationVariant& choose_activation(Isa limit);

// dst[n,y,x,c] = act(src[n,y,x,c]) for (y, x) in `region`. The maps have one shape; dst may be src.
void activation_run(const ActivationVariant& variant, Activation activation, float slope,
                    View<const float> src, View<float> dst, Rect region, int threads);

}  // namespace ink
