#include "kernels/deconv/deconv.h"

#include <algorithm>

namespace ink {
DeconvPhase make_deconv_phase(int kernel, int stride, int pad, int start) {
  DeconvPhase phase;
  const int first = (start + pad) % stride;
  for (int position = first; position < kernel; position += stride) phase.positions.push_back(position);
  std::reverse(phase.positions.begin(), phase.positions.end());
  const int taps = static_cast<int>(phase.positions.size());
  phase.axis = {taps, 1, (start + pad - first) / stride - (taps - 1), 1, stride, start};
  return phase;
}

Deconv::Deconv(const GemmVariant& variant, const DeconvParams& params, const float* weights,
               const float* bias, const double* factors) {
  const int icg = params.ic / params.groups, ocg = params.oc / params.groups;
  const int64_t area = static_cast<int64_t>(params.kh) * params.kw;
  for (int y = 0; y < params.sh; ++y) {
    const DeconvPhase rows = make_deconv_phase(params.kh, params.sh, params.pad_top, y);
    for (int x = 0; x < params.sw; ++x) {
      const DeconvPhase columns = make_deconv_phase(params.kw, params.sw, params.pad_left, x);
      std::vector<int64_t> offsets;
      for (const int r : rows.positions) {
        for (const int s : columns.positions) {
          for (int i = 0; i < icg; ++i) offsets.push_back((i * ocg * area) + r * params.kw + s);
        }
      }
      std::vector<GemmPanels> groups;
      for (int g = 0; g < params.groups; ++g) {
        groups.emplace_back(variant, offsets, ocg, weights + static_cast<int64_t>(g) * icg * ocg * area, area,
                            bias == nullptr ? nullptr : bias + static_cast<int64_t>(g) * ocg,
                            factors == nullptr ? nullptr : factors + static_cast<int64_t>(g) * ocg);
      }
      phases_.emplace_back(variant, rows.axis, columns.axis, icg, std::move(groups));
    }
  }
}

size_t Deconv::scratch_floats(int threads) const {
  size_t floats = 0;
  for (const TapConv& phase : phases_) floats = std::max(floats, phase.together_scratch_floats(threads));
  return floats;
}

size_t Deconv::packed_bytes() const {
  size_t bytes = 0;
  for (const TapConv& phase : phases_) bytes += phase.packed_bytes();
  return bytes;
}

void Deconv::run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
                 Rect region, int threads, float* scratch) const {
  TapConv::run_together(phases_, src, dst, residual, epilogue, region, threads, scratch);
}

}  // namespace ink
