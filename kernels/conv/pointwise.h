#pragma once

#include "kernels/binary/binary.h"
#include "kernels/conv/conv.h"

namespace ink {

// The weights of a 1x1 convolution as a product multiplies them. bias: oc values or nullptr.
GemmPanels pointwise_panels(const GemmVariant& gemm, const ConvParams& params, const ConvWeights& weights,
                            const float* bias);

// A 1x1 convolution of a map whose channels are scaled first, each image's by factors of its own:
//   dst[n, y, x, j] = epilogue(bias[j] + sum_i src[n, y, x, i] * scale[n, i] * weights[j, i])
// A map of more pixels than output channels has the weights scaled on the way to the tiles, a stretch of a
// panel at a time; of a smaller one it is the pixels of a block of tiles. So no scaled map goes through
// memory. Immutable.
class PointwiseConv {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);

  // bias: oc values or nullptr.
  PointwiseConv(const GemmVariant& gemm, const BinaryVariant& binary, const ConvParams& params,
                const ConvWeights& weights, const float* bias);

  // For maps of `pixels` pixels an image.
  size_t scratch_floats(int threads, int64_t pixels) const;
  size_t packed_bytes() const { return panels_.bytes(); }
  // Computes the outputs that lie in `region` of dst. scale is (n, 1, 1, ic), or (1, 1, 1, ic) for all
  // images; residual has dst's shape, or data == nullptr.
  void run(View<const float> src, View<float> dst, View<const float> residual, View<const float> scale,
           const Epilogue& epilogue, Rect region, int threads, float* scratch) const;

 private:
  struct Job;
  struct Tile {
    const float* src;
    float* dst;
    const float* residual;
    int m;
  };

  int pieces() const;  // stretches that a panel is cut into
  int piece_begin(int piece) const;
  bool scales_map(int64_t pixels) const { return pixels <= panels_.n(); }
  int64_t most_tiles() const;  // of a block
  size_t scaled_floats(int64_t pixels) const;
  size_t worker_floats(int64_t pixels) const;
  Tile place(const Job& job, int image, int64_t index) const;
  void run_tiles(const Job& job, int image, int64_t first, int64_t behind, int first_panel, int behind_panel,
                 float* scratch) const;

  const GemmVariant* gemm_;
  const BinaryVariant* binary_;
  GemmPanels panels_;
};

}  // namespace ink
