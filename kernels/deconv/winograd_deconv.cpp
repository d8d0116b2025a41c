#include "kernels/deconv/winograd_deconv.h"

#include <algorithm>
#include <vector>

namespace ink {
namespace {

constexpr int kStride = 2;

// Input of an axis that the first tap of a phase reads for output 0 of it.
int phase_start(int pad, int phase) { return make_deconv_phase(4, kStride, pad, phase).axis.src_start; }
int window_start(int pad) { return std::min(phase_start(pad, 0), phase_start(pad, 1)); }

ConvParams patch_params(const DeconvParams& p) {
  return {.ic = p.ic,
          .oc = p.oc * kStride * kStride,
          .kh = 3,
          .kw = 3,
          .pad_top = -window_start(p.pad_top),
          .pad_left = -window_start(p.pad_left)};
}

WinogradConv patch_conv(const WinogradVariant& variant, const GemmVariant& gemm, const DeconvParams& p,
                        const float* weights, const float* bias, const double* factors) {
  const ConvParams params = patch_params(p);
  std::vector<float> kernels(static_cast<size_t>(params.oc) * static_cast<size_t>(p.ic) * 9);
  std::vector<float> biases(static_cast<size_t>(params.oc));
  std::vector<double> scales;
  for (int pixel = 0; pixel < kStride * kStride; ++pixel) {
    const DeconvPhase rows = make_deconv_phase(p.kh, kStride, p.pad_top, pixel / kStride);
    const DeconvPhase columns = make_deconv_phase(p.kw, kStride, p.pad_left, pixel % kStride);
    const int y0 = rows.axis.src_start - window_start(p.pad_top);
    const int x0 = columns.axis.src_start - window_start(p.pad_left);
    for (int j = 0; j < p.oc; ++j) {
      const int channel = pixel * p.oc + j;
      if (bias != nullptr) biases[static_cast<size_t>(channel)] = bias[j];
      if (factors != nullptr) scales.push_back(factors[j]);
      for (int i = 0; i < p.ic; ++i) {
        float* const kernel = kernels.data() + (int64_t{channel} * p.ic + i) * 9;
        for (int r = 0; r < rows.axis.taps; ++r) {
          for (int s = 0; s < columns.axis.taps; ++s) {
            const int position =
                rows.positions[static_cast<size_t>(r)] * p.kw + columns.positions[static_cast<size_t>(s)];
            kernel[(y0 + r) * 3 + x0 + s] = weights[(int64_t{i} * p.oc + j) * p.kh * p.kw + position];
          }
        }
      }
    }
  }
  const ConvWeights values(kernels.data(), WeightLayout::oihw, scales.empty() ? nullptr : scales.data());
  return WinogradConv(variant, gemm, params, values, biases.data(), kStride);
}

}  // namespace

const char* WinogradDeconv::declines(const DeconvParams& p) {
  if (p.kh != 4 || p.kw != 4) return "kernel is not 4x4";
  if (p.sh != kStride || p.sw != kStride) return "stride is not 2";
  if (p.groups != 1) return "groups";
  if (p.ic < 16) return "fewer than 16 input channels";
  if (p.oc < 12) return "fewer than 12 output channels";
  return nullptr;
}

WinogradDeconv::WinogradDeconv(const WinogradVariant& variant, const GemmVariant& gemm,
                               const DeconvParams& params, const float* weights, const float* bias,
                               const double* factors)
    : params_(patch_params(params)), conv_(patch_conv(variant, gemm, params, weights, bias, factors)) {
  INK_CHECK(declines(params) == nullptr && variant.tile == 4);
}

}  // namespace ink
