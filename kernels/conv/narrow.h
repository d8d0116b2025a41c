#pragma once

#include <span>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"

namespace ink {

// Convolutions with few output channels, such as a network's last layer to RGB. A tile whose columns are
// output channels would leave most lanes empty; here its columns are all pairs of kernel position and output
// channel:
//   products[iy, ix, (r, s), j] = sum_i src[iy, ix, i] * weights[r, s, i, j]
// and an output adds up the products that meet in it, position after position. For 3 channels and 3x3
// positions that is 27 columns in place of 9 times 3 of 16.
class NarrowConv {
 public:
  static constexpr int kMaxChannels = 4;

  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);
  static const char* declines(const DeconvParams& params);

  // Weights, bias and factors as make_conv() and Deconv have them.
  NarrowConv(const GemmVariant& variant, const ConvParams& params, const ConvWeights& weights,
             const float* bias);
  NarrowConv(const GemmVariant& variant, const DeconvParams& params, const float* weights, const float* bias,
             const double* factors = nullptr);

  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const { return products_.bytes() + bias_.size() * sizeof(float); }
  // As TapConv::run().
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  // The outputs that read their inputs through the same taps: all of them, or a phase of a transposed
  // convolution.
  struct Phase {
    TapAxis rows, columns;
    std::vector<int> columns_of_taps;  // of `products`, (row tap, column tap), each the first of oc
  };
  struct Maps;
  struct Block;

  void pack(const GemmVariant& variant, int ic, std::span<const float> matrix, const float* bias, int oc);
  void measure_span();
  void multiply(const Maps& maps, int image, const Block& block) const;
  template <int kChannels>
  void add_up(const Maps& maps, int image, Rect grid, const Phase& phase, const Block& block) const;

  const GemmVariant* variant_;
  std::vector<Phase> phases_;
  GemmPanels products_;
  AlignedBuffer<float> bias_;
  Rect span_;      // of the inputs of output (0, 0) of the grid, over all phases
  int pitch_ = 0;  // floats a pixel of `products`
};

}  // namespace ink
