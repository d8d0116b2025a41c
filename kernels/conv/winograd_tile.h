#pragma once

#include <cstdint>

#include "kernels/base/epilogue.h"

namespace ink {

// Winograd's F(m x m, 3x3), m = 2, 4 or 6: a 3x3 convolution of stride 1 with 16 / 36, 36 / 144 or 64 / 324
// of the multiplications. The output is cut into tiles of m x m from its own origin; a tile reads (m + 2)^2
// inputs d and is, for each output channel,
//   A^T [ sum over input channels of (G g G^T) o (B^T d B) ] A
// with the matrices for the points 0, 1, -1 and infinity, for m = 4 also 2 and -2, for m = 6 also 1/2 and
// -1/2. The sums at each of the (m + 2)^2 points are a matrix product over tiles. Rounding errors are some 4
// times those of the plain sum, for m = 6 some 7 times, for m = 2 about the same.
inline constexpr int kWinogradMostTile = 6;

// V[p, c] = (B^T d B)[p] for a tile's inputs d, c < channels: src(y, x) = src[y * row_stride + x *
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

// dst(y, x)[c] = epilogue(bias[c] + (A^T M A)[y, x]) for y < rows, x < columns (at most m), c < channels.
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

// dst[i, j] = sum_{k} src[i, k] * weights[k, j] for a whole GEMM tile of the same instruction set, with the
// bits of that tile and a bias of zero, in less time: there is little depth to spread what comes before and
// behind the sums over.
struct WinogradProduct {
  const float* src;
  int64_t src_step;
  const float* weights;  // (k, nr), 64-byte aligned
  int k;
  float* dst;
  int64_t dst_step;
  // What is read or written next: asked for while k runs, `ahead_step` bytes a k. nullptr: nothing.
  const unsigned char* ahead = nullptr;
  int64_t ahead_step = 0;
};

// Kernels g of some input channels to all output channels of a panel as G g G^T, in double and rounded once:
// tap t of channels (j, i) is src[j * oc_step + i * ic_step + t * tap_step], times factors[j] in double and
// rounded, where that is not nullptr; point p of them goes to dst[p * dst_stride + i * panel + j]. 0 where
// columns <= j < panel.
struct WinogradKernels {
  const float* src;
  int64_t oc_step, ic_step, tap_step;
  const double* factors;
  int channels, columns, panel;  // of input; of output; of dst: a multiple of the instruction set's lanes
  float* dst;
  int64_t dst_stride;
};

// Serial; allocate nothing; touch only what is named above. That of kernels gives whether a value of src is
// infinite or NaN.
using WinogradKernelsKernel = bool(const WinogradKernels&);
using WinogradInputKernel = void(const WinogradInput&);
using WinogradOutputKernel = void(const WinogradOutput&);
using WinogradProductKernel = void(const WinogradProduct&);
WinogradInputKernel winograd2_input_reference, winograd2_input_sse42, winograd2_input_avx2,
    winograd2_input_avx512, winograd4_input_reference, winograd4_input_sse42, winograd4_input_avx2,
    winograd4_input_avx512, winograd6_input_reference, winograd6_input_sse42, winograd6_input_avx2,
    winograd6_input_avx512;
WinogradOutputKernel winograd2_output_reference, winograd2_output_sse42, winograd2_output_avx2,
    winograd2_output_avx512, winograd4_output_reference, winograd4_output_sse42, winograd4_output_avx2,
    winograd4_output_avx512, winograd6_output_reference, winograd6_output_sse42, winograd6_output_avx2,
    winograd6_output_avx512;
WinogradKernelsKernel winograd2_kernels_reference, winograd2_kernels_avx2, winograd2_kernels_avx512,
    winograd4_kernels_reference, winograd4_kernels_avx2, winograd4_kernels_avx512,
    winograd6_kernels_reference, winograd6_kernels_avx2, winograd6_kernels_avx512;
WinogradProductKernel winograd_product_sse42, winograd_product_avx2, winograd_product_avx512;

}  // namespace ink
