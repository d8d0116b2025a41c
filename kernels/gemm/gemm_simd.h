#pragma once

#include "kernels/gemm/gemm_tile.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// Rows are addressed from every third one, plus one or two steps in an index register: with a pointer a row,
// the 14 of AVX-512 would not fit the 16 general registers and be reloaded in the inner loop.
template <class A, int M, int V>
INK_INLINE void gemm_step(const float* const (&base)[(M + 2) / 3], int64_t step, const float* weights,
                          Vec<A> (&sum)[M][V]) {
  Vec<A> w[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) w[v] = load<A>(weights + v * kLanes<A>);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    const Vec<A> s = broadcast<A>(base[i / 3][i % 3 * step]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = fma<A>(s, w[v], sum[i][v]);
  }
}

template <class A, int M, int V>
INK_INLINE void gemm_sums(const GemmTileArgs& args, Vec<A> (&sum)[M][V]) {
  const float* weights = args.packed;
  const int64_t step = args.src_step;
  for (int t = 0; t < args.tap_count; ++t) {
    const float* base[(M + 2) / 3];
#pragma GCC unroll 8
    for (int b = 0; b < (M + 2) / 3; ++b) base[b] = args.src + args.taps[t] + 3 * b * step;
    for (int k = args.run; k > 0; --k) {
      gemm_step<A, M, V>(base, step, weights, sum);
      weights += V * kLanes<A>;
#pragma GCC unroll 8
      for (int b = 0; b < (M + 2) / 3; ++b) ++base[b];
    }
  }
}

// act(x) and residual for the activations that are a few instructions.
template <class A>
INK_INLINE Vec<A> gemm_finish(Vec<A> x, Vec<A> residual, const Epilogue& epilogue, Vec<A> slope) {
  if (epilogue.residual_first) x = x + residual;
  if (epilogue.activation == Activation::relu) x = max<A>(broadcast<A>(0.0f), x);
  if (epilogue.activation == Activation::leaky_relu) x = xsimd::select(x > broadcast<A>(0.0f), x, x * slope);
  return epilogue.residual_first ? x : x + residual;
}

constexpr bool gemm_cheap(Activation activation) {
  return activation == Activation::none || activation == Activation::relu ||
         activation == Activation::leaky_relu;
}

// Sums that wait in memory for an activation with an exponential: kept out of line, since inlined into every
// tile size it would make up nine tenths of the library.
template <class A>
static __attribute__((noinline)) void gemm_finish_slowly(const GemmTileArgs& args, const float* sums,
                                                         int width) {
  const Vec<A> slope = broadcast<A>(args.epilogue.slope), zero = broadcast<A>(0.0f);
  for (int i = 0; i < args.m; ++i, sums += width) {
    const float* residual = args.residual == nullptr ? nullptr : args.residual + i * args.residual_step;
    for (int j = 0; j < args.n; j += kLanes<A>) {
      const int count = args.n - j < kLanes<A> ? args.n - j : kLanes<A>;
      const Vec<A> r = residual == nullptr ? zero : load_n<A>(residual + j, count);
      Vec<A> x = load<A>(sums + j);
      if (args.epilogue.residual_first) x = x + r;
      x = activate<A>(x, args.epilogue.activation, slope);
      if (!args.epilogue.residual_first) x = x + r;
      store_n<A>(args.dst + i * args.dst_step + j, x, count);
    }
  }
}

template <class A, int M, int V>
INK_INLINE void gemm_store(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  const Vec<A> slope = broadcast<A>(args.epilogue.slope), zero = broadcast<A>(0.0f);
  const bool whole = args.n == V * kLanes<A>;
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    float* dst = args.dst + i * args.dst_step;
    const float* residual = args.residual == nullptr ? nullptr : args.residual + i * args.residual_step;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int j = v * kLanes<A>;
      if (whole) {
        const Vec<A> r = residual == nullptr ? zero : load<A>(residual + j);
        store<A>(dst + j, gemm_finish<A>(sum[i][v], r, args.epilogue, slope));
      } else if (const int rest = args.n - j; rest > 0) {
        const int count = rest < kLanes<A> ? rest : kLanes<A>;
        const Vec<A> r = residual == nullptr ? zero : load_n<A>(residual + j, count);
        store_n<A>(dst + j, gemm_finish<A>(sum[i][v], r, args.epilogue, slope), count);
      }
    }
  }
}

template <class A, int M, int V>
static void gemm_tile_rows(const GemmTileArgs& args) {
  Vec<A> sum[M][V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const Vec<A> bias = load<A>(args.bias + v * kLanes<A>);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) sum[i][v] = bias;
  }
  gemm_sums<A, M, V>(args, sum);
  if (gemm_cheap(args.epilogue.activation)) return gemm_store<A, M, V>(args, sum);
  alignas(64) float waiting[M][V * kLanes<A>];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store<A>(&waiting[i][v * kLanes<A>], sum[i][v]);
  }
  gemm_finish_slowly<A>(args, &waiting[0][0], V * kLanes<A>);
}

// Calls the body compiled for exactly args.m rows.
template <class A, int V, int M>
INK_INLINE void gemm_tile_m(const GemmTileArgs& args) {
  if constexpr (M > 1) {
    if (args.m < M) return gemm_tile_m<A, V, M - 1>(args);
  }
  gemm_tile_rows<A, M, V>(args);
}

template <class A, int M>
INK_INLINE void gemm_tile(const GemmTileArgs& args) {
  if (args.panel == kLanes<A>) {
    gemm_tile_m<A, 1, M>(args);
  } else {
    gemm_tile_m<A, 2, M>(args);
  }
}

}  // namespace ink::simd
