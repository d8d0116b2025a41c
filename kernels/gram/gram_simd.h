#pragma once

#include "kernels/gram/gram.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// M rows by V vectors of columns. `lanes` counts the columns of the only vector where it is not a whole one.
template <class A, int M, int V>
INK_INLINE void gram_block(const GramTile& args, int i, int j, int lanes = kLanes<A>) {
  constexpr int kStep = kLanes<A>;
  const auto read = [&](const float* from) {
    return lanes == kStep ? load<A>(from) : load_n<A>(from, lanes);
  };
  Vec<A> sum[M][V];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[m][v] = broadcast<A>(0.0f);
  }
  const float* left = args.src + args.row + i;
  const float* right = args.src + args.column + j;
  for (int p = 0; p < args.pixels; ++p, left += args.pixel_stride, right += args.pixel_stride) {
    Vec<A> columns[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) columns[v] = read(right + v * kStep);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      const Vec<A> row = broadcast<A>(left[m]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[m][v] = fma<A>(row, columns[v], sum[m][v]);
    }
  }
  for (int m = 0; m < M; ++m) {
    for (int v = 0; v < V; ++v) {
      float values[kStep];
      store<A>(values, sum[m][v]);
      double* sums = args.sums + (i + m) * args.sum_stride + j + v * kStep;
      for (int lane = 0; lane < lanes; ++lane) sums[lane] += values[lane];
    }
  }
}

template <class A, int M>
INK_INLINE void gram_rows(const GramTile& args, int i) {
  constexpr int kStep = kLanes<A>;
  int j = 0;
  for (; j + 2 * kStep <= args.columns; j += 2 * kStep) gram_block<A, M, 2>(args, i, j);
  for (; j + kStep <= args.columns; j += kStep) gram_block<A, M, 1>(args, i, j);
  if (j < args.columns) gram_block<A, M, 1>(args, i, j, args.columns - j);
}

template <class A>
INK_INLINE void gram_tile(const GramTile& args) {
  constexpr int kRows = 6;
  int i = 0;
  for (; i + kRows <= args.rows; i += kRows) gram_rows<A, kRows>(args, i);
  for (; i < args.rows; ++i) gram_rows<A, 1>(args, i);
}

}  // namespace ink::simd
