#pragma once

#include <cstdint>

#include "kernels/base/epilogue.h"

namespace ink {

// One tile of a matrix product whose left rows are gathered from `taps` runs of contiguous memory:
//   dst[i, j] = epilogue(bias[j] + sum_{t < tap_count} sum_{k < run} src[i * src_step + taps[t] + k] *
//   packed[t, k, j])
// for i < m, j < n. A plain product has one tap of length k; a convolution has a tap per kernel position (or
// per kernel row, where neighbouring pixels are contiguous). The sum runs over t, then k, whatever m and n
// are. Steps and offsets in elements. src, dst and residual must not overlap, save residual == dst.
struct GemmTileArgs {
  const float* src;
  int64_t src_step;
  const int64_t* taps;
  int tap_count, run;
  const float* packed;  // (tap_count * run, panel): one panel of GemmPanels, 64-byte aligned
  int panel;            // its width: a multiple of the variant's lanes, n <= panel <= nr
  const float* bias;    // `panel` values
  float* dst;
  int64_t dst_step;
  const float* residual;  // (m, n) with residual_step, or nullptr
  int64_t residual_step;
  int m, n;  // 1 <= m <= mr, 1 <= n <= panel
  Epilogue epilogue;
};

// Serial; allocates nothing; reads and writes nothing but the elements named above.
using GemmTile = void(const GemmTileArgs&);
GemmTile gemm_tile_reference, gemm_tile_6x8_sse42, gemm_tile_6x16_avx2, gemm_tile_14x32_avx512;

// A panel written from a matrix with any strides, in elements:
//   dst[kk * width + j] = src[kk * k_stride + j * n_stride] for j < n, 0 for n <= j < width;  kk < k.
struct GemmPackArgs {
  const float* src;
  int64_t n_stride, k_stride;
  int k, n;
  float* dst;
  int width;
};

// Serial; allocates nothing; reads and writes nothing but the elements named above.
using GemmPack = void(const GemmPackArgs&);
GemmPack gemm_pack_reference;

}  // namespace ink
