#pragma once

#include "kernels/conv/winograd.h"
#include "kernels/deconv/deconv.h"

namespace ink {

// Transposed convolutions of 4x4 with stride 2: the four phases read 2x2 inputs each, 3x3 between them. As
// one 3x3 convolution to four times the channels, zeros where a phase reads nothing, Winograd's F(4x4, 3x3)
// computes them with 25 / 64 of the multiplications: the points at which a phase's kernel is zero are left
// out.
class WinogradDeconv {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const DeconvParams& params);

  // Weights, bias and factors as Deconv has them.
  WinogradDeconv(const WinogradVariant& variant, const GemmVariant& gemm, const DeconvParams& params,
                 const float* weights, const float* bias, const double* factors = nullptr);

  // Regions begin at multiples of it.
  int grid() const { return conv_.grid(); }
  // The 3x3 convolution whose pixels are patches of 2x2 outputs.
  const ConvParams& patches() const { return params_; }
  size_t scratch_floats(int threads, int n, int oh, int ow) const {
    return conv_.scratch_floats(threads, n, oh, ow);
  }
  size_t packed_bytes() const { return conv_.packed_bytes(); }
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const {
    conv_.run(src, dst, residual, epilogue, region, threads, scratch);
  }

 private:
  ConvParams params_;
  WinogradConv conv_;
};

}  // namespace ink
