#pragma once

#include "kernels/conv/conv_weights.h"
#include "kernels/conv/tap_conv.h"

namespace ink {

// dst[n, y, x, g*ocg + j] = epilogue(bias[g*ocg + j] + sum_{r, s, i} src[n, y*sh - pad_top + r*dh,
//     x*sw - pad_left + s*dw, g*icg + i] * weights[g*ocg + j, i, r, s]),   icg = ic / groups, ocg = oc /
//     groups
// Inputs outside the map count as zero. oh = (ih + pad_top + pad_bottom - (kh - 1)*dh - 1) / sh + 1.
struct ConvParams {
  int ic = 1, oc = 1, kh = 1, kw = 1;
  int sh = 1, sw = 1, dh = 1, dw = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int groups = 1;
};

// bias: oc values or nullptr. ic and oc are multiples of groups; kh * kw <= 512.
TapConv make_conv(const GemmVariant& variant, const ConvParams& params, const ConvWeights& weights,
                  const float* bias);

}  // namespace ink
