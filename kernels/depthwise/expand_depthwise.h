#pragma once

#include <algorithm>

#include "kernels/activation/activation.h"
#include "kernels/base/divide.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/gemm/gemm.h"

namespace ink {

// Two convolutions of conv.h in one: a 1x1 convolution that widens the map, act(bias + sum), and the
// depthwise convolution of what it makes. The map between them, by far the largest of such a pair, is never
// whole in memory: a task widens some rows to a few channels, which stay in the second-level cache, and moves
// on down the map. The sum of an output runs over all kernel positions, those outside the map counting as
// zero.
class ExpandDepthwise {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& expand, const ConvParams& depthwise);

  // Each bias: as many values as output channels, or nullptr.
  ExpandDepthwise(const GemmVariant& gemm, const ActivationVariant& activation,
                  const DepthwiseVariant& depthwise, const ConvParams& expand,
                  const ConvWeights& expand_weights, const float* expand_bias,
                  const Epilogue& expand_epilogue, const ConvParams& params, const ConvWeights& weights,
                  const float* bias);

  // Floats of scratch that run() needs on `threads` threads for a src of `width` columns.
  size_t scratch_floats(int threads, int width) const;
  size_t packed_bytes() const;

  // Computes the outputs that lie in `region` of dst. Where `sums` is not nullptr, region is all of dst and
  // the sums of the global mean of dst (kernels/pool/global_mean.h) are written there, image after image.
  void run(View<const float> src, View<float> dst, const Epilogue& epilogue, Rect region, int threads,
           float* scratch, double* sums = nullptr) const;

 private:
  struct Window;

  // Channels are worked on in blocks, whole panels of the product.
  int blocks() const { return divide_up(params_.oc, block_); }
  int block_channels(int block) const { return std::min(block_, params_.oc - block * block_); }
  size_t window_floats(int width) const;
  size_t worker_floats(int width) const;
  int window_width(int outputs) const {
    return (outputs - 1) * params_.sw + (params_.kw - 1) * params_.dw + 1;
  }

  void widen(View<const float> src, Window& window, int first_row, int last_row) const;
  void widen_run(View<const float> src, Window& window, int y, int64_t pixels) const;
  void run_task(View<const float> src, View<float> dst, const Epilogue& epilogue, int image, int block,
                Rect region, int next_block, float* scratch, double* sums) const;

  const GemmVariant* gemm_;
  const ActivationVariant* activation_;
  const DepthwiseVariant* depthwise_;
  ConvParams params_;  // of the depthwise convolution
  Epilogue expand_epilogue_;
  GemmPanels panels_;
  int block_;
  AlignedBuffer<float> weights_, bias_;  // block by block, weights (kh, kw, channels of the block)
};

}  // namespace ink
