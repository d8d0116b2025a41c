#pragma once

#include "kernels/gemm/gemm_simd.h"

namespace ink::simd {

// As gemm_end(), of whole tiles that add nothing.
template <class A, int M, int V>
INK_INLINE void gemm_end_whole(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  switch (args.epilogue.activation) {
    case Activation::none: return gemm_store_whole<A, M, V, Activation::none, false>(args, sum);
    case Activation::relu: return gemm_store_whole<A, M, V, Activation::relu, false>(args, sum);
    case Activation::leaky_relu: return gemm_store_whole<A, M, V, Activation::leaky_relu, false>(args, sum);
    default: return gemm_wait<A, M, V>(args, sum);
  }
}

// What a later tile stores comes from far away, and a depth is too small to wait for it: asked for early.
template <class A, int M>
INK_INLINE void gemm_line(const GemmLineArgs& line) {
  constexpr int V = 2, kLaterTiles = 4, kUnroll = 3;
  GemmTileArgs args = line.first;
  const int64_t step = args.src_step, tile_bytes = M * args.dst_step * static_cast<int64_t>(sizeof(float));
  const int64_t ahead_step = tile_bytes / (args.tap_count * args.run);
  for (int tile = 0; tile < line.count; ++tile) {
    gemm_prefetch_ends<A, M, V, false>(args);
    Vec<A> sum[M][V];
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = load<A>(args.bias + v * kLanes<A>);
    }
    const float* weights = args.packed;
    const unsigned char* ahead = reinterpret_cast<const unsigned char*>(args.dst) + kLaterTiles * tile_bytes;
    for (int t = 0; t < args.tap_count; ++t) {
      const float* base[(M + 2) / 3];
#pragma GCC unroll 8
      for (int b = 0; b < (M + 2) / 3; ++b) base[b] = args.src + args.taps[t] + 3 * b * step;
      const auto steps = [&]<int kCount>() __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int u = 0; u < kCount; ++u) {
          prefetch_later(ahead + u * ahead_step);
          const float* at[(M + 2) / 3];
#pragma GCC unroll 8
          for (int b = 0; b < (M + 2) / 3; ++b) at[b] = base[b] + u;
          gemm_step<A, M, V, false>(at, step, weights + u * V * kLanes<A>, sum);
        }
        weights += kCount * V * kLanes<A>;
        ahead += kCount * ahead_step;
#pragma GCC unroll 8
        for (int b = 0; b < (M + 2) / 3; ++b) base[b] += kCount;
      };
      int k = args.run;
      for (; k >= kUnroll; k -= kUnroll) steps.template operator()<kUnroll>();
      for (; k > 0; --k) steps.template operator()<1>();
    }
    gemm_end_whole<A>(args, sum);
    args.src += M * step;
    args.dst += M * args.dst_step;
  }
}

}  // namespace ink::simd
