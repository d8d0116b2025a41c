#pragma once

#include <cstdint>
#include <span>

#include "kernels/conv/conv.h"
#include "kernels/conv/winograd_tile.h"
#include "kernels/conv/winograd_weights.h"
#include "kernels/gemm/gemm.h"

namespace ink {

struct WinogradVariant {
  Isa isa;
  const char* name;
  int tile;  // 2, 4 or 6
  WinogradKernelsKernel* kernels;
  WinogradInputKernel* input;
  WinogradOutputKernel* output;
  WinogradProductKernel* product;  // nullptr: GEMM tiles do it all
};

// Those of one tile; best first, reference last.
std::span<const WinogradVariant> winograd_variants(int tile);
const WinogradVariant& choose_winograd(Isa limit, int tile);

// nullptr where Winograd's method can and should compute a convolution, else the reason why not.
const char* winograd_declines(const ConvParams& params);
// The same for an output of h x w: where there are few tiles, reading more weights than given costs more
// than the multiplications that are spared.
const char* winograd_declines_map(int h, int w);
// Tiles of an h x w output, and the points of one: weights packed for each weight given.
int64_t winograd_tiles(int tile, int h, int w);
constexpr int winograd_points(int tile) { return (tile + 2) * (tile + 2); }
// Which tile takes an output of h x w faster.
int winograd_tile(int h, int w);

// A convolution that winograd_declines() does not decline, weights transformed and packed. Immutable.
class WinogradConv {
 public:
  // bias: oc values or nullptr.
  // interleave = 2: the channels are those of four convolutions whose outputs make patches of 2x2 pixels of
  // dst; those at (y % 2, x % 2) come from the channels from (y % 2 * 2 + x % 2) * oc / 4 on.
  WinogradConv(const WinogradVariant& variant, const GemmVariant& gemm, const ConvParams& params,
               const ConvWeights& weights, const float* bias, int interleave = 1);

  int tile() const { return variant_->tile; }
  // Of dst: where regions may begin.
  int grid() const { return tile() * interleave_; }
  // For maps of any size; for an output of n maps of h x w, which may take more.
  size_t scratch_floats(int threads) const;
  size_t scratch_floats(int threads, int n, int h, int w) const;
  size_t packed_bytes() const;
  // Computes the outputs that lie in `region` of dst, whose origin is on the grid of tiles. residual has
  // dst's shape, or data == nullptr.
  // `scratch` has scratch_floats(threads, dst.n, dst.h, dst.w).
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  struct Maps;
  class Ahead;
  int points() const { return winograd_points(tile()); }
  // ahead: what this thread computes next.
  void run_block(const Maps& maps, int image, int64_t first_tile, int tiles, Ahead ahead,
                 float* scratch) const;
  void run_whole(const Maps& maps, int64_t tiles, int threads, float* scratch) const;
  void transform_input(const Maps& maps, int image, int64_t tile, float* dst, int64_t dst_stride) const;
  void transform_output(const Maps& maps, int image, int64_t tile, const float* sums, int64_t sum_stride,
                        int channel, int channels) const;
  // Channels of one pixel of a patch.
  void transform_pixel(const Maps& maps, int image, int64_t tile, const float* sums, int64_t sum_stride,
                       int channel, int channels) const;
  // At one point: the sums of `tiles` rows of inputs in the columns of a panel. next: the panel that follows,
  // or nullptr; ahead: what else to ask for.
  void multiply(int point, int panel, const float* inputs, int tiles, float* sums, int64_t sum_step,
                const float* next, Ahead* ahead) const;

  const WinogradVariant* variant_;
  const GemmVariant* gemm_;
  ConvParams params_;
  WinogradWeights weights_;
  int interleave_;
  int block_tiles_;  // tiles a task, a multiple of the rows of a GEMM tile
  AlignedBuffer<float> bias_;
};

}  // namespace ink
