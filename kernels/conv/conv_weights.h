#pragma once

#include <cstdint>

#include "kernels/base/packing.h"

namespace ink {

// How weights lie in memory, row-major. The kernel positions (kh, kw) are neighbours in both, so that one
// step leads from a position to the next.
enum class WeightLayout {
  oihw,  // (oc, ic / groups, kh, kw) and (out, in): torch
  hwio,  // (kh, kw, ic / groups, oc) and (in, out): Keras; its depthwise kernels (kh, kw, ic, oc / ic) lie
         // alike
};

// Borrows the weights of a convolution as they were released: packing reads them in place. `factors`, one an
// output channel or null for ones, multiply them in double before they are rounded once: a batch norm that
// follows, folded in.
struct ConvWeights {
  const float* data = nullptr;
  WeightLayout layout = WeightLayout::oihw;
  const double* factors = nullptr;
  Packing* packing = nullptr;  // for one run, or nullptr

  ConvWeights(const float* values, WeightLayout order = WeightLayout::oihw, const double* scale = nullptr)
      : data(values), layout(order), factors(scale) {}

  // Weight (j, i, r, s) of output channel j and input channel i of its group is
  // data[j * steps.oc + i * steps.ic + (r * kw + s) * steps.tap].
  struct Steps {
    int64_t oc, ic, tap;
  };
  Steps steps(int icg, int oc, int64_t area) const {
    if (layout == WeightLayout::oihw) return {icg * area, area, 1};
    return {1, oc, static_cast<int64_t>(icg) * oc};
  }
  // A value as it is used, which data[...] is for an output channel.
  float scaled(float value, int64_t channel) const {
    return factors == nullptr ? value : static_cast<float>(value * factors[channel]);
  }
};

}  // namespace ink
