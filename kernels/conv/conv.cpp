#include "kernels/conv/conv.h"

namespace ink {

TapConv make_conv(const GemmVariant& variant, const ConvParams& params, const ConvWeights& weights,
                  const float* bias) {
  const ConvWeights::Steps steps =
      weights.steps(params.ic / params.groups, params.oc, static_cast<int64_t>(params.kh) * params.kw);
  const int icg = params.ic / params.groups, ocg = params.oc / params.groups;
  const int64_t area = static_cast<int64_t>(params.kh) * params.kw;
  std::vector<int64_t> offsets;
  for (int64_t tap = 0; tap < area; ++tap) {
    for (int i = 0; i < icg; ++i) offsets.push_back(i * steps.ic + tap * steps.tap);
  }
  std::vector<GemmPanels> groups;
  for (int g = 0; g < params.groups; ++g) {
    const int64_t first = static_cast<int64_t>(g) * ocg;
    groups.emplace_back(variant, offsets, ocg, weights.data + first * steps.oc, steps.oc,
                        bias == nullptr ? nullptr : bias + first,
                        weights.factors == nullptr ? nullptr : weights.factors + first);
  }
  const TapAxis rows{params.kh, params.sh, -params.pad_top, params.dh, 1, 0};
  const TapAxis columns{params.kw, params.sw, -params.pad_left, params.dw, 1, 0};
  return TapConv(variant, rows, columns, icg, std::move(groups));
}

}  // namespace ink
