#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/base/epilogue.h"

namespace ink {

// A product in reduced precision reads rows of *elements*, into which floats are converted first:
//   bf16: rounded to the nearest, ties to even; held in 16 bits, or as floats where a CPU multiplies no bf16
//   int8: q = round(x * 127 / largest), largest = max |x| of the row, ties to even; held in 8 bits, or in 16
// Both matrices are cut along the depth k in groups of 4 bytes: 1, 2 or 4 elements. A row ends with zeros up
// to a whole number of groups.

// Floats side by side that are a part of a row; src == nullptr stands for zeros.
struct ReducedPiece {
  const float* src;
  int64_t count;
};

// Converts the pieces one after another to a row of `groups` groups. The result is what one unit of an
// element is worth: largest / 127, or 1 for bf16. A row that holds a NaN or an infinity has zeros as its
// integers and is worth NaN, so that whatever reads it becomes one. Up to 64 bytes behind the row may be
// written. Serial; allocates nothing.
struct ReducedRowArgs {
  const ReducedPiece* pieces;
  int count;
  void* dst;
  int64_t groups;
};
using ReducedRow = float(const ReducedRowArgs&);
// Rows whose largest magnitude is below this are zeros.
inline constexpr float kReducedLeast = 1e-30f;
ReducedRow reduced_row_f32_reference, reduced_row_f32_sse42, reduced_row_f32_avx2, reduced_row_f32_avx512;
ReducedRow reduced_row_s16_reference, reduced_row_s16_sse42, reduced_row_s16_avx2, reduced_row_s16_avx512;
ReducedRow reduced_row_s8_avx512vnni;
ReducedRow reduced_row_u8_avx512vnni;  // 128 more than the integer
ReducedRow reduced_row_bf16_avx512bf16;

// sums[i, j] = (add ? sums[i, j] : start[j]) + sum_{g < groups} rows[i, g] . panel[g, j] for i < m, j < nr,
// where . is the product of the elements of two groups. Sums are i32, or f32 for bf16; start is nullptr for
// zeros. Integers are exact, so they are the same for every variant; the order of bf16's sums depends on the
// variant and on k alone.
struct ReducedTileArgs {
  const std::byte* rows;
  int64_t row_bytes;
  const std::byte* panel;  // (groups, nr) groups, 64-byte aligned
  const int32_t* start;
  int64_t groups;
  int m;  // 1 <= m <= mr
  bool add;
  void* sums;  // (m, nr), 64-byte aligned
};
using ReducedTile = void(const ReducedTileArgs&);
ReducedTile reduced_tile_f32_reference, reduced_tile_f32_sse42, reduced_tile_f32_avx2,
    reduced_tile_f32_avx512;
ReducedTile reduced_tile_s16_reference, reduced_tile_s16_sse42, reduced_tile_s16_avx2,
    reduced_tile_s16_avx512;
ReducedTile reduced_tile_int8_avx512vnni;
ReducedTile reduced_tile_bf16_avx512bf16;
ReducedTile reduced_tile_bf16_amx, reduced_tile_int8_amx;

// dst[i][j] = epilogue(sums[i, j] * (row_scales[i] * scales[j]) + bias[j]), i < m, j < n; for bf16 without
// the factors. Each operation is rounded on its own, so that integers give the same bits on every CPU.
struct ReducedFinishArgs {
  const void* sums;  // (m, nr)
  int nr;
  bool integers;
  const float* row_scales;  // m
  const float* scales;      // n, and bias: readable up to a whole vector
  const float* bias;
  float* const* dst;             // m rows of n floats, `column` floats behind the pointer; also of residual
  const float* const* residual;  // or nullptr
  int64_t column;
  int m, n;
  Epilogue epilogue;
};
using ReducedFinish = void(const ReducedFinishArgs&);
ReducedFinish reduced_finish_reference, reduced_finish_sse42, reduced_finish_avx2, reduced_finish_avx512;

}  // namespace ink
