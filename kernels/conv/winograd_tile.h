#pragma once

#include <cstdint>

#include "kernels/base/epilogue.h"

namespace ink {

// Winograd's F(4x4, 3x3): a 3x3 convolution of stride 1 with a quarter of the multiplications. The output is
// cut into tiles of 4x4 from its own origin; a tile reads 6x6 inputs d and is, for each output channel,
//   A^T [ sum over input channels of (G g G^T) o (B^T d B) ] A
// with the matrices for the points 0, 1, -1, 2, -2 and infinity. The sums at each of the 36 points are a
// matrix product over tiles, run by the GEMM tiles. Rounding errors are some 4 times those of the plain sum.
inline constexpr int kWinogradTile = 4, kWinogradInput = 6, kWinogradPoints = 36;

// V[p, c] = (B^T d B)[p] for a tile's 6x6 inputs d, c < channels: src(y, x) = src[y * row_stride + x *
// pixel_stride]. Inputs outside rows [y0, y1) and columns [x0, x1) of the tile count as zero and are not
// read.
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
WinogradInputKernel winograd_input_reference, winograd_input_sse42, winograd_input_avx2,
    winograd_input_avx512;
WinogradOutputKernel winograd_output_reference, winograd_output_sse42, winograd_output_avx2,
    winograd_output_avx512;

}  // namespace ink
