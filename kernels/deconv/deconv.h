#pragma once

#include <vector>

#include "kernels/conv/tap_conv.h"

namespace ink {

// Transposed convolution, computed by gathering: every output is written once.
//   dst[n, y, x, g*ocg + j] = epilogue(bias[g*ocg + j] + sum_{r, s, i} src[n, (y + pad_top - r)/sh, (x +
//   pad_left - s)/sw,
//       g*icg + i] * weights[g*icg + i, j, r, s])   over those r, s whose divisions leave no remainder
// oh = (ih - 1)*sh - pad_top - pad_bottom + kh (+ output padding).
struct DeconvParams {
  int ic = 1, oc = 1, kh = 1, kw = 1;
  int sh = 1, sw = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int groups = 1;
};

// One axis of the outputs whose position is `start` modulo the stride, and the kernel positions that they
// use, in order of rising input index.
struct DeconvPhase {
  TapAxis axis;
  std::vector<int> positions;
};
DeconvPhase make_deconv_phase(int kernel, int stride, int pad, int start);

// Outputs with the same (y mod sh, x mod sw) read their inputs through the same taps: each such phase is an
// ordinary convolution that writes every sh-th row and sw-th column.
class Deconv {
 public:
  // weights: (ic, oc / groups, kh, kw), as torch has them; bias: oc values or nullptr; factors: of the
  // weights of each output channel, or nullptr for ones.
  Deconv(const GemmVariant& variant, const DeconvParams& params, const float* weights, const float* bias,
         const double* factors = nullptr);

  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const;
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  std::vector<TapConv> phases_;
};

}  // namespace ink
