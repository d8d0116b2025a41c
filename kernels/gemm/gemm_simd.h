#pragma once

#include "kernels/gemm/gemm_tile.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// Weights come from the second-level cache at best: asked for this many floats ahead.
// Few rows leave little time for each line, so it is asked for earlier.
constexpr int gemm_prefetch_floats(int rows) { return rows <= 4 ? 1024 : rows <= 8 ? 512 : 256; }
inline constexpr int kLineFloats = 16;

// Rows are addressed from every third one, plus one or two steps in an index register: with a pointer a row,
// the 14 of AVX-512 would not fit the 16 general registers and be reloaded in the inner loop.
template <class A, int M, int V, bool kAsks = true>
INK_INLINE void gemm_step(const float* const (&base)[(M + 2) / 3], int64_t step, const float* weights,
                          Vec<A> (&sum)[M][V]) {
  Vec<A> w[V];
#pragma GCC unroll 4
  for (int j = 0; kAsks && j < V * kLanes<A>; j += kLineFloats)
    prefetch(weights + gemm_prefetch_floats(M) + j);
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) w[v] = load<A>(weights + v * kLanes<A>);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    const Vec<A> s = broadcast<A>(base[i / 3][i % 3 * step]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = fma<A>(s, w[v], sum[i][v]);
  }
}

// In how many places at once a tile asks for what comes next. The hardware reads on by itself where it sees a
// row of requests: in four pages, a core gets a quarter more from memory. The tallest tiles of sets with 16
// registers have none to spare for steps that stand side by side, SSE4.2 in no tile.
template <class A>
constexpr int gemm_places(int rows, int vectors) {
  return kLanes<A> == 16 || (kLanes<A> == 8 && rows * vectors < 12) ? 4 : 1;
}

template <class A, int M, int V, bool kAhead>
INK_INLINE void gemm_sums(const GemmTileArgs& args, Vec<A> (&sum)[M][V]) {
  constexpr int kPlaces = kAhead ? gemm_places<A>(M, V) : 1;
  const float* weights = args.packed;
  const int64_t step = args.src_step, apart = args.run / kPlaces * args.ahead_step;
  for (int t = 0; t < args.tap_count; ++t) {
    const float* base[(M + 2) / 3];
#pragma GCC unroll 8
    for (int b = 0; b < (M + 2) / 3; ++b) base[b] = args.src + args.taps[t] + 3 * b * step;
    const int64_t skipped = args.ahead_by_taps ? args.taps[t] * static_cast<int64_t>(sizeof(float))
                                               : static_cast<int64_t>(t) * args.run * args.ahead_step;
    const unsigned char* ahead = kAhead ? args.ahead + skipped : nullptr;
    const auto next = [&]() __attribute__((always_inline)) {
      gemm_step<A, M, V>(base, step, weights, sum);
      weights += V * kLanes<A>;
#pragma GCC unroll 8
      for (int b = 0; b < (M + 2) / 3; ++b) ++base[b];
    };
    int k = args.run;
    if constexpr (kPlaces > 1) {
      for (; k >= kPlaces; k -= kPlaces, ahead += args.ahead_step) {
#pragma GCC unroll 4
        for (int place = 0; place < kPlaces; ++place) {
          prefetch_later(ahead + place * apart);
          next();
        }
      }
    }
#pragma GCC unroll 4
    for (; k > 0; --k) {
      if constexpr (kAhead) prefetch_later(ahead), ahead += args.ahead_step;
      next();
    }
  }
}

// Tiles of six rows need two addresses at most, and gain nothing by one.
template <class A>
inline constexpr bool kInterleaves = kLanes<A> == 16;

template <class A, int M, int V>
INK_INLINE void gemm_interleaved_step(const float* src, const float* weights, Vec<A> (&sum)[M][V]) {
  Vec<A> w[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) w[v] = load<A>(weights + v * kLanes<A>);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    const Vec<A> s = broadcast<A>(src[i]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = fma<A>(s, w[v], sum[i][v]);
  }
}

// One address for all rows, and both matrices are read in order, which the hardware foresees: nothing but the
// multiplications is left. Where the core is shared with a neighbour that takes half of the instructions,
// this is what keeps the multipliers busy. kLines: asked for in two steps.
template <class A, int M, int V, int kLines>
INK_INLINE void gemm_interleaved_sums(const GemmTileArgs& args, Vec<A> (&sum)[M][V]) {
  const float *weights = args.packed, *src = args.src;
  const bool asks = args.ahead != nullptr;
  const unsigned char* ahead = asks ? args.ahead : reinterpret_cast<const unsigned char*>(weights);
  const int64_t step = asks ? args.ahead_step : 0;
  int k = args.run;
  for (; k > 1; k -= 2) {
    prefetch_later(ahead);
    if constexpr (kLines == 2) prefetch_later(ahead + step);
    ahead += 2 * step;
    gemm_interleaved_step<A, M, V>(src, weights, sum);
    gemm_interleaved_step<A, M, V>(src + M, weights + V * kLanes<A>, sum);
    src += 2 * M;
    weights += 2 * V * kLanes<A>;
  }
  if (k > 0) gemm_interleaved_step<A, M, V>(src, weights, sum);
}

// The activations that are a few instructions.
template <class A>
INK_INLINE Vec<A> gemm_activate(Vec<A> x, Activation activation, Vec<A> slope) {
  if (activation == Activation::relu) return max<A>(broadcast<A>(0.0f), x);
  if (activation == Activation::leaky_relu) return xsimd::select(x > broadcast<A>(0.0f), x, x * slope);
  return x;
}

template <class A>
INK_INLINE Vec<A> gemm_finish(Vec<A> x, Vec<A> residual, const Epilogue& epilogue, Vec<A> slope) {
  if (epilogue.residual_first) x = x + residual;
  x = gemm_activate<A>(x, epilogue.activation, slope);
  return epilogue.residual_first ? x : x + residual;
}

constexpr bool gemm_cheap(Activation activation) {
  return activation == Activation::none || activation == Activation::relu ||
         activation == Activation::leaky_relu;
}

// Sums that wait in memory for an activation with an exponential: kept out of line, since inlined into every
// tile size it would make up nine tenths of the library.
template <class A, Activation kActivation>
INK_INLINE void gemm_finish_rows(const GemmTileArgs& args, const float* sums, int width) {
  const Vec<A> slope = broadcast<A>(args.epilogue.slope), zero = broadcast<A>(0.0f);
  for (int i = 0; i < args.m; ++i, sums += width) {
    float* dst = args.dst + i * args.dst_step;
    const float* residual = args.residual == nullptr ? nullptr : args.residual + i * args.residual_step;
    for (int j = 0; j < args.n; j += kLanes<A>) {
      const int count = args.n - j < kLanes<A> ? args.n - j : kLanes<A>;
      Vec<A> x = load<A>(sums + j);
      if (residual == nullptr) {
        x = activate<A>(x, kActivation, slope);
      } else {
        const Vec<A> r = load_n<A>(residual + j, count);
        x = activate<A>(x + (args.epilogue.residual_first ? r : zero), kActivation, slope);
        if (!args.epilogue.residual_first) x = x + r;
      }
      store_n<A>(dst + j, x, count);
    }
  }
}

template <class A>
static __attribute__((noinline)) void gemm_finish_slowly(const GemmTileArgs& args, const float* sums,
                                                         int width) {
  switch (args.epilogue.activation) {
    case Activation::sigmoid: return gemm_finish_rows<A, Activation::sigmoid>(args, sums, width);
    case Activation::tanh: return gemm_finish_rows<A, Activation::tanh>(args, sums, width);
    case Activation::silu: return gemm_finish_rows<A, Activation::silu>(args, sums, width);
    case Activation::gelu: return gemm_finish_rows<A, Activation::gelu>(args, sums, width);
    case Activation::quick_gelu: return gemm_finish_rows<A, Activation::quick_gelu>(args, sums, width);
    default: return gemm_finish_rows<A, Activation::none>(args, sums, width);
  }
}

// Tiles without an edge: nothing is asked inside the loops, which would cost as much as some 10 steps of k.
template <class A, int M, int V, Activation kActivation, bool kResidual>
INK_INLINE void gemm_store_whole(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  const Epilogue epilogue{kActivation, args.epilogue.slope, kResidual && args.epilogue.residual_first};
  const Vec<A> slope = broadcast<A>(epilogue.slope);
  float* dst = args.dst;
  const float* residual = args.residual;
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i, dst += args.dst_step) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const int j = v * kLanes<A>;
      if (kResidual) {
        store<A>(dst + j, gemm_finish<A>(sum[i][v], load<A>(residual + j), epilogue, slope));
      } else {
        store<A>(dst + j, gemm_activate<A>(sum[i][v], kActivation, slope));
      }
    }
    if (kResidual) residual += args.residual_step;
  }
}

template <class A, int M, int V, Activation kActivation>
INK_INLINE void gemm_store_whole(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  if (args.residual != nullptr) return gemm_store_whole<A, M, V, kActivation, true>(args, sum);
  gemm_store_whole<A, M, V, kActivation, false>(args, sum);
}

template <class A, int M, int V>
INK_INLINE void gemm_store(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  if (args.n == V * kLanes<A>) {
    switch (args.epilogue.activation) {
      case Activation::relu: return gemm_store_whole<A, M, V, Activation::relu>(args, sum);
      case Activation::leaky_relu: return gemm_store_whole<A, M, V, Activation::leaky_relu>(args, sum);
      default: return gemm_store_whole<A, M, V, Activation::none>(args, sum);
    }
  }
  const Vec<A> slope = broadcast<A>(args.epilogue.slope), zero = broadcast<A>(0.0f);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    float* dst = args.dst + i * args.dst_step;
    const float* residual = args.residual == nullptr ? nullptr : args.residual + i * args.residual_step;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const int j = v * kLanes<A>, rest = args.n - j;
      if (rest <= 0) break;
      const int count = rest < kLanes<A> ? rest : kLanes<A>;
      const Vec<A> r = residual == nullptr ? zero : load_n<A>(residual + j, count);
      store_n<A>(dst + j, gemm_finish<A>(sum[i][v], r, args.epilogue, slope), count);
    }
  }
}

template <class A, int M, int V>
INK_INLINE void gemm_wait(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  alignas(64) float waiting[M][V * kLanes<A>];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store<A>(&waiting[i][v * kLanes<A>], sum[i][v]);
  }
  gemm_finish_slowly<A>(args, &waiting[0][0], V * kLanes<A>);
}

template <class A, int M, int V>
INK_INLINE void gemm_end(const GemmTileArgs& args, const Vec<A> (&sum)[M][V]) {
  if (gemm_cheap(args.epilogue.activation)) return gemm_store<A, M, V>(args, sum);
  gemm_wait<A, M, V>(args, sum);
}

// What a tile adds and where it stores are far apart in memory, so no hardware looks ahead to them. A deep
// tile has the time to wait for its stores.
template <class A, int M, int V, bool kResidual>
INK_INLINE void gemm_prefetch_ends(const GemmTileArgs& args) {
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < V * kLanes<A>; j += kLineFloats) {
      if (kResidual) prefetch(args.residual + i * args.residual_step + j);
      prefetch(args.dst + i * args.dst_step + j);
    }
  }
}

template <class A, int M, int V>
static void gemm_tile_rows(const GemmTileArgs& args) {
  constexpr int kShallow = 256;
  if (args.residual != nullptr) {
    gemm_prefetch_ends<A, M, V, true>(args);
  } else if (args.tap_count * args.run <= kShallow) {
    gemm_prefetch_ends<A, M, V, false>(args);
  }
  Vec<A> sum[M][V];
  const float* start = args.sums == nullptr ? args.bias : args.sums;
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i, start += args.sums_step) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = load<A>(start + v * kLanes<A>);
  }
  // Asking takes registers that addresses need: where there is nothing to ask for it costs a tenth.
  constexpr int64_t kLineBytes = kLineFloats * sizeof(float);
  if (kInterleaves<A> && args.interleaved && 2 * args.ahead_step > kLineBytes) {
    gemm_interleaved_sums<A, M, V, 2>(args, sum);
  } else if (kInterleaves<A> && args.interleaved) {
    gemm_interleaved_sums<A, M, V, 1>(args, sum);
  } else if (args.ahead == nullptr) {
    gemm_sums<A, M, V, false>(args, sum);
  } else {
    gemm_sums<A, M, V, true>(args, sum);
  }
  gemm_end<A>(args, sum);
}

// Calls the body compiled for exactly args.m rows.
template <class A, int V, int M>
INK_INLINE void gemm_tile_m(const GemmTileArgs& args) {
  if constexpr (M > 1) {
    if (args.m < M) return gemm_tile_m<A, V, M - 1>(args);
  }
  gemm_tile_rows<A, M, V>(args);
}

// The sums of P panels of V vectors side by side, as many as keep the multipliers busy while each waits for
// its last; `columns` of them are there.
template <class A, int P, int V>
INK_INLINE void gemm_row_panels(const GemmRowArgs& args, int first, int columns) {
  constexpr int kPanel = V * kLanes<A>, kAhead = 512;
  const int64_t panel_floats = static_cast<int64_t>(args.k) * kPanel;
  const float* weights = args.packed + static_cast<int64_t>(first) * args.k;
  Vec<A> sum[1][P * V];
#pragma GCC unroll 8
  for (int v = 0; v < P * V; ++v) sum[0][v] = load<A>(args.bias + first + v * kLanes<A>);
  for (int k = 0; k < args.k; ++k, weights += kPanel) {
    const Vec<A> s = broadcast<A>(args.src[k]);
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) {
      const float* w = weights + p * panel_floats;
      for (int j = 0; j < kPanel; j += kLineFloats) prefetch(w + kAhead + j);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v)
        sum[0][p * V + v] = fma<A>(s, load<A>(w + v * kLanes<A>), sum[0][p * V + v]);
    }
  }
  GemmTileArgs ends{};
  ends.dst = args.dst + first;
  ends.residual = args.residual == nullptr ? nullptr : args.residual + first;
  ends.m = 1, ends.n = columns;
  ends.epilogue = args.epilogue;
  gemm_end<A>(ends, sum);
}

template <class A>
INK_INLINE void gemm_row(const GemmRowArgs& args) {
  constexpr int kPanel = 2 * kLanes<A>;
  int j = 0;
  for (; args.n - j >= 4 * kPanel; j += 4 * kPanel) gemm_row_panels<A, 4, 2>(args, j, 4 * kPanel);
  if (args.n - j >= 2 * kPanel) gemm_row_panels<A, 2, 2>(args, j, 2 * kPanel), j += 2 * kPanel;
  if (args.n - j >= kPanel) gemm_row_panels<A, 1, 2>(args, j, kPanel), j += kPanel;
  if (args.n - j > kLanes<A>) return gemm_row_panels<A, 1, 2>(args, j, args.n - j);
  if (args.n > j) gemm_row_panels<A, 1, 1>(args, j, args.n - j);
}

// Exact for every value, those below the normal halves included: the magic number's exponent is that of the
// smallest normal half, so that what remains after its subtraction is the subnormal as a normal float.
template <class A>
INK_INLINE Vec<A> widen_halves(const uint16_t* src, bool bf16) {
#if defined(__AVX512BW__)
  const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src));
  if (bf16) return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  return _mm512_cvtph_ps(halves);
#elif defined(__AVX2__)
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src));
  if (bf16) return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  return _mm256_cvtph_ps(halves);
#else
  const __m128i wide = _mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src)));
  if (bf16) return _mm_castsi128_ps(_mm_slli_epi32(wide, 16));
  const __m128i sign = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x8000)), 16);
  const __m128i bits = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x7fff)), 13);
  const __m128i exponent = _mm_and_si128(bits, _mm_set1_epi32(0x0f800000));
  const __m128i normal = _mm_add_epi32(bits, _mm_set1_epi32(112 << 23));
  const __m128i special = _mm_add_epi32(normal, _mm_set1_epi32(112 << 23));  // infinity and NaN
  const __m128 magic = _mm_castsi128_ps(_mm_set1_epi32(113 << 23));
  const __m128 small = _mm_sub_ps(_mm_castsi128_ps(_mm_add_epi32(bits, _mm_set1_epi32(113 << 23))), magic);
  const __m128i is_special = _mm_cmpeq_epi32(exponent, _mm_set1_epi32(0x0f800000));
  const __m128i is_small = _mm_cmpeq_epi32(exponent, _mm_setzero_si128());
  const __m128i value =
      _mm_blendv_epi8(_mm_blendv_epi8(normal, special, is_special), _mm_castps_si128(small), is_small);
  return _mm_castsi128_ps(_mm_or_si128(value, sign));
#endif
}

template <class A>
INK_INLINE void gemm_widen(const GemmWidenArgs& args) {
  for (int64_t i = 0; i < args.count; i += kLanes<A>)
    store<A>(args.dst + i, widen_halves<A>(args.src + i, args.bf16));
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
