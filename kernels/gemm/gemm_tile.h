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
  // Where not nullptr: what the sum begins with instead of the bias, (m, panel) with sums_step. The sums of a
  // depth that is cut in two are those of the whole depth, bit for bit. dst may be sums.
  const float* sums = nullptr;
  int64_t sums_step = 0;
  // What the caller will read next: a cache line of it is asked for at each step of the depth, so that the
  // tile has asked for tap_count * run lines `ahead_step` bytes apart at its end, in any order. Without
  // effect on the result. nullptr: nothing.
  const unsigned char* ahead = nullptr;
  int64_t ahead_step = 0;
  // Whether src is one tap whose rows lie side by side: (i, k) is src[k * m + i] then, and src_step nothing.
  // Only for variants that say so.
  bool interleaved = false;
  bool ahead_by_taps = false;  // it lies as src does: each tap asks from ahead + taps[t] on
};

// Serial; allocates nothing; reads and writes nothing but the elements named above.
using GemmTile = void(const GemmTileArgs&);
GemmTile gemm_tile_reference, gemm_tile_6x8_sse42, gemm_tile_6x16_avx2, gemm_tile_14x32_avx512;

// Whole tiles of one panel side by side: the next one's rows follow this one's in src, dst and residual. Of a
// depth so small that what is done between two tiles counts, and weights that stay in the first-level cache.
// Each is what the tile makes of the same arguments, bit for bit, of which ahead, sums and residual are
// nullptr and n is the panel.
struct GemmLineArgs {
  GemmTileArgs first;
  int count;
};

// Serial; allocates nothing.
using GemmLine = void(const GemmLineArgs&);
GemmLine gemm_line_6x8_sse42, gemm_line_6x16_avx2, gemm_line_14x32_avx512;

// On cblas_sgemm, in builds with INK_OPENBLAS. The order of its sums is the library's own, which does not say
// that it is the same for every m and n: so neither are the bits, though no version was seen to differ.
GemmTile gemm_tile_14x32_openblas;

// One row over panels that lie one behind another, the last of them as wide as whole vectors allow:
//   dst[j] = epilogue(bias[j] + sum_{k' < k} src[k'] * packed[k', j])  for j < n
// The sums are those of a tile, bit for bit, of several panels at once: those of one wait for each other.
struct GemmRowArgs {
  const float* src;
  int k, n;
  const float* packed;
  const float* bias;
  float* dst;
  const float* residual;  // or nullptr
  Epilogue epilogue;
};

// Serial; allocates nothing.
using GemmRow = void(const GemmRowArgs&);
GemmRow gemm_row_8_sse42, gemm_row_16_avx2, gemm_row_32_avx512;

// Columns of a panel written from a matrix of any strides, in elements, whatever the alignment of its bytes:
//   dst[kk * dst_step + j] = src[kk * k_stride + j * n_stride]  for kk < k, j < n
// Elements of 4 or 2 bytes, which are copied as they are. Serial; allocates nothing.
struct GemmPackArgs {
  const void* src;
  int64_t n_stride, k_stride;
  int k, n;
  void* dst;
  int dst_step;
  // For GemmPack alone. Where not nullptr: column j is multiplied by factors[j] in double and rounded once;
  // kk goes to row rows[kk] of dst.
  const double* factors = nullptr;
  const int32_t* rows = nullptr;
};
void gemm_pack_floats(const GemmPackArgs& args);
void gemm_pack_halves(const GemmPackArgs& args);

// Weights, of floats. Gives whether an element of src is infinite or NaN.
using GemmPack = bool(const GemmPackArgs&);
GemmPack gemm_pack_reference, gemm_pack_avx2, gemm_pack_avx512;

// dst[i] = src[i] widened exactly, i < count, which is a multiple of the variant's lanes; src holds f16, or
// bf16.
struct GemmWidenArgs {
  const uint16_t* src;
  float* dst;
  int64_t count;
  bool bf16;
};
using GemmWiden = void(const GemmWidenArgs&);
GemmWiden gemm_widen_reference, gemm_widen_sse42, gemm_widen_avx2, gemm_widen_avx512;

}  // namespace ink
