#pragma once

#include <span>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"

namespace ink {

// Convolutions with few output channels, such as a network's last layer to RGB. A tile whose columns are
// output channels would leave most lanes empty; here its columns are all triples of output row, kernel column
// and output channel. Seen from an input, both kinds of convolution scatter:
//   u = iy * sh + r, v = ix * sw + s:  dst[u - pad_top, v - pad_left, j] += sum_i src[iy, ix, i] * w[r, s, i,
//   j]
// (a convolution of stride 1 with its kernel turned round). While input rows come one by one, the `ring_`
// rows of outputs that they reach collect their sums, position (ix, u mod ring_, s, j) of a buffer that stays
// in the first-level cache; a row that no further input reaches adds up the s that meet in each of its
// outputs.
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
  size_t packed_bytes() const;
  // As TapConv::run().
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  struct Maps;
  struct Block;
  struct Axis {
    int taps, stride, pad;
  };

  // weight(tap, i, j) of the scattering form.
  template <class Weight>
  void pack(int ic, Weight weight, const float* bias);
  int stride_floats() const { return columns_.stride * oc_; }
  int column_taps() const { return (columns_.taps + columns_.stride - 1) / columns_.stride; }
  void run_block(const Maps& maps, const Block& block) const;
  void multiply(const Maps& maps, const Block& block, int iy) const;
  template <int kVectors>
  void finish_row(const Maps& maps, const Block& block, int y) const;
  void finish_one(const Maps& maps, const Block& block, int y, int q) const;
  void clear_row(const Block& block, int u) const;

  const GemmVariant* variant_;
  Axis rows_, columns_;
  int oc_;
  int ring_;       // rows of outputs that collect sums: at least those that an input row reaches
  int rotations_;  // of the ring, from input row to input row, until it is as in the beginning
  std::vector<GemmPanels> products_;  // by rotation
  std::vector<float> bias_;           // of the outputs of stride columns, then as many as fill a vector
  int pitch_ = 0;                     // floats a column of the buffer
};

}  // namespace ink
