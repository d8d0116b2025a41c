#pragma once

#include <cstdint>
#include <span>

#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"

namespace ink {

// Winograd's F(4x4, 3x3): a 3x3 convolution of stride 1 with a quarter of the multiplications. The output is cut
// into tiles of 4x4 from its own origin; a tile reads 6x6 inputs d and is, for each output channel,
//   A^T [ sum over input channels of (G g G^T) o (B^T d B) ] A
// with the matrices for the points 0, 1, -1, 2, -2 and infinity. The sums at each of the 36 points are a matrix product
// over tiles, run by the GEMM tiles. Rounding errors are some 4 times those of the plain sum.
inline constexpr int kWinogradTile = 4, kWinogradInput = 6, kWinogradPoints = 36;

// V[p, c] = (B^T d B)[p] for a tile's 6x6 inputs d, c < channels: src(y, x) = src[y * row_stride + x * pixel_stride].
// Inputs outside rows [y0, y1) and columns [x0, x1) of the tile count as zero and are not read.
struct WinogradInput {
  const float* src;
  int64_t row_stride, pixel_stride;
  int y0, y1, x0, x1;
  float* dst;  // point p at dst + p * dst_stride
  int64_t dst_stride;
  int channels;
};

// dst(y, x)[c] = epilogue(bias[c] + (A^T M A)[y, x]) for y < rows, x < columns (at most 4), c < channels.
struct WinogradOutput {
  const float* src;  // M: point p at src + p * src_stride
  int64_t src_stride;
  float* dst;
  int64_t row_stride, pixel_stride;
  int rows, columns;
  const float* bias;
  const float* residual;  // or nullptr
  int64_t residual_row_stride, residual_pixel_stride;
  int channels;
  Epilogue epilogue;
};

// Serial; allocate nothing; touch only what is named above.
using WinogradInputKernel = void(const WinogradInput&);
using WinogradOutputKernel = void(const WinogradOutput&);
WinogradInputKernel winograd_input_reference, winograd_input_sse42, winograd_input_avx2, winograd_input_avx512;
WinogradOutputKernel winograd_output_reference, winograd_output_sse42, winograd_output_avx2, winograd_output_avx512;

struct WinogradVariant {
  Isa isa;
  const char* name;
  WinogradInputKernel* input;
  WinogradOutputKernel* output;
};

// Best first, reference last.
std::span<const WinogradVariant> winograd_variants();
const WinogradVariant& choose_winograd(Isa limit);

// nullptr where Winograd's method can and should compute a convolution, else the reason why not.
const char* winograd_declines(const ConvParams& params);

// A convolution that winograd_declines() does not decline, weights transformed and packed. Immutable.
class WinogradConv {
 public:
  // weights: (oc, ic, 3, 3); bias: oc values or nullptr.
  WinogradConv(const WinogradVariant& variant, const GemmVariant& gemm, const ConvParams& params,
               const float* weights, const float* bias);

  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const;
  // Computes the outputs that lie in `region` of dst, whose origin is on the grid of tiles. residual has dst's shape,
  // or data == nullptr.
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue, Rect region,
           int threads, float* scratch) const;

 private:
  struct Maps;
  void run_block(const Maps& maps, int image, int64_t first_tile, int tiles, float* scratch) const;

  const WinogradVariant* variant_;
  const GemmVariant* gemm_;
  ConvParams params_;
  int block_tiles_;  // tiles a task, a multiple of the rows of a GEMM tile
  std::vector<GemmPanels> points_;
  AlignedBuffer<float> bias_;
};

}  // namespace ink
