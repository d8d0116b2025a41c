#include "kernels/conv/conv.h"

namespace ink {

TapConv make_conv(const GemmVariant& variant, const ConvParams& params, const ConvWeights& weights,
                  const float* bias) {
  const ConvWeights::Steps steps =
      weights.steps(params.ic / params.groups, params.oc, static_cast<int64_t>(params.kh) * params.kw);
  const int icg = params.ic / params.groups, ocg = params.oc / params.groups;
  const int64_t area = static_cast<int64_t>(params.kh) * params.kw;
  const bool deep = weights.layout == WeightLayout::oihw;
  std::vector<int32_t> rows;  // of what runs through memory channel by channel, and is summed tap by tap
  for (int64_t at = 0; deep && area > 1 && at < icg * area; ++at) {
    rows.push_back(static_cast<int32_t>(at % area * icg + at / area));
  }
  std::vector<GemmPanels> groups;
  for (int g = 0; g < params.groups; ++g) {
    const int64_t first = static_cast<int64_t>(g) * ocg;
    const GemmWeights group{weights.data + first * steps.oc,
                            static_cast<int>(icg * area),
                            deep ? 1 : steps.ic,
                            steps.oc,
                            weights.factors == nullptr ? nullptr : weights.factors + first,
                            rows.empty() ? nullptr : rows.data(),
                            weights.packing};
    groups.emplace_back(variant, group, ocg, bias == nullptr ? nullptr : bias + first);
  }
  const TapAxis down{params.kh, params.sh, -params.pad_top, params.dh, 1, 0};
  const TapAxis across{params.kw, params.sw, -params.pad_left, params.dw, 1, 0};
  return TapConv(variant, down, across, icg, std::move(groups));
}

}  // namespace ink
