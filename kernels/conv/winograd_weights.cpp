#include "kernels/conv/winograd_weights.h"

#include <algorithm>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/winograd.h"

namespace ink {
WinogradWeights::WinogradWeights(const GemmVariant& variant, int tile, WinogradKernelsKernel& kernels,
                                 const ConvWeights& weights, int ic, int oc)
    : points_(winograd_points(tile)), ic_(ic), oc_(oc), nr_(variant.nr), zeros_(static_cast<size_t>(nr_)) {
  constexpr int kGroupChannels = 64;
  group_panels_ = std::clamp(kGroupChannels / nr_, 1, panels());
  const int before = (panels() - 1) * nr_;
  width_ = before + divide_up(oc - before, variant.lanes) * variant.lanes;
  data_ = PackedMemory(
      static_cast<size_t>(points_) * static_cast<size_t>(ic) * static_cast<size_t>(width_) * sizeof(float),
      weights.packing);
  std::fill(zeros_.begin(), zeros_.end(), 0.0f);
  if (data_.data() == nullptr) return;
  transform(kernels, weights);
  for (int point = 0; point < points_; ++point) {
    for (int p = 0; p < panels(); ++p) {
      const float* const begin = panel(point, p);
      zero_.push_back(std::all_of(begin, begin + int64_t{ic} * width(p), [](float w) { return w == 0.0f; }));
    }
  }
}

int64_t WinogradWeights::offset(int point, int panel) const {
  const int first = panel / group_panels_ * group_panels_;
  const int64_t group_width = std::min(width_ - first * nr_, group_panels_ * nr_);
  return ic_ * (int64_t{points_} * first * nr_ + point * group_width + int64_t{panel - first} * nr_);
}

void WinogradWeights::transform(WinogradKernelsKernel& kernels, const ConvWeights& weights) {
  const ConvWeights::Steps steps = weights.steps(ic_, oc_, 9);
  const auto transform_piece = [&](int panel, int first, int behind) {
    const int channel = panel * nr_;
    const bool non_finite =
        kernels({weights.data + channel * steps.oc + first * steps.ic, steps.oc, steps.ic, steps.tap,
                 weights.factors == nullptr ? nullptr : weights.factors + channel, behind - first,
                 columns(panel), width(panel),
                 reinterpret_cast<float*>(data_.data()) + offset(0, panel) + int64_t{first} * width(panel),
                 offset(1, panel) - offset(0, panel)});
    if (non_finite && weights.packing != nullptr) weights.packing->non_finite = true;
  };
  const int threads = weights.packing == nullptr ? 1 : weights.packing->threads;
  // What lies side by side is read side by side: some channels of all panels, or more of one.
  const bool wide = steps.oc == 1;
  const int channels = wide ? 8 : 64, pieces = divide_up(ic_, channels);
  parallel_for(wide ? pieces : int64_t{panels()} * pieces, threads, [&](int64_t task, int) {
    const int first = static_cast<int>(task % pieces) * channels, behind = std::min(first + channels, ic_);
    if (!wide) return transform_piece(static_cast<int>(task / pieces), first, behind);
    for (int panel = 0; panel < panels(); ++panel) transform_piece(panel, first, behind);
  });
}

}  // namespace ink
