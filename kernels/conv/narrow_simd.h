#pragma once

#include "kernels/conv/narrow_tile.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

template <class A>
inline constexpr int kQuads = kLanes<A> / 4;  // groups of four lanes

// Group g of the result has the sums over the lanes of each group of sum[g].
template <class A>
INK_INLINE Vec<A> narrow_join(const Vec<A> (&sum)[kQuads<A>]) {
#if defined(__AVX512BW__)
  const auto add = [](__m512 a, __m512 b) __attribute__((always_inline)) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
  };
  return add(add(sum[0], sum[1]), add(sum[2], sum[3]));
#elif defined(__AVX2__)
  return _mm256_add_ps(_mm256_permute2f128_ps(sum[0], sum[1], 0x20),
                       _mm256_permute2f128_ps(sum[0], sum[1], 0x31));
#else
  return sum[0];
#endif
}

// Four lanes become one: lane j of each group is the sum of that group of sum[j].
template <class A>
INK_INLINE Vec<A> narrow_transpose(Vec<A> a, Vec<A> b, Vec<A> c, Vec<A> d) {
#if defined(__AVX512BW__)
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  return _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
#elif defined(__AVX2__)
  const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
  const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
  return _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
#else
  const __m128 ab = _mm_add_ps(_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
  const __m128 cd = _mm_add_ps(_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
  return _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab));
#endif
}

template <class A>
INK_INLINE __m128 narrow_quad(Vec<A> value, int quad) {
#if defined(__AVX512BW__)
  switch (quad) {
    case 1: return _mm512_extractf32x4_ps(value, 1);
    case 2: return _mm512_extractf32x4_ps(value, 2);
    case 3: return _mm512_extractf32x4_ps(value, 3);
    default: return _mm512_castps512_ps128(value);
  }
#elif defined(__AVX2__)
  return quad == 0 ? _mm256_castps256_ps128(value) : _mm256_extractf128_ps(value, 1);
#else
  (void)quad;
  return value;
#endif
}

template <int N>
INK_INLINE __m128 narrow_load(const float* src) {
  if (N == 4) return _mm_loadu_ps(src);
  if (N == 1) return _mm_load_ss(src);
  const __m128 pair = _mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(src));
  return N == 2 ? pair : _mm_movelh_ps(pair, _mm_load_ss(src + 2));
}

template <int N>
INK_INLINE void narrow_store(float* dst, __m128 value) {
  if (N == 4) return _mm_storeu_ps(dst, value);
  if (N == 1) return _mm_store_ss(dst, value);
  _mm_storel_pi(reinterpret_cast<__m64*>(dst), value);
  if (N == 3) _mm_store_ss(dst + 2, _mm_movehl_ps(value, value));
}

// Adds up lanes, adds bias and residual, and stores.
template <class A, int M, int N>
INK_INLINE void narrow_finish(const NarrowTileArgs& args, const Vec<A> (&sum)[M][N]) {
  const Vec<A> zero = broadcast<A>(0.0f);
  const __m128 bias = _mm_loadu_ps(args.bias);
  float* dst = args.dst;
  const float* residual = args.residual;
#pragma GCC unroll 8
  for (int i = 0; i < M; i += kQuads<A>) {
    Vec<A> joined[kNarrowColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kNarrowColumns; ++j) {
      if (j < N) {
        Vec<A> own[kQuads<A>];
#pragma GCC unroll 4
        for (int q = 0; q < kQuads<A>; ++q) own[q] = sum[i + q][j < N ? j : 0];
        joined[j] = narrow_join<A>(own);
      } else {
        joined[j] = zero;
      }
    }
    const Vec<A> all = narrow_transpose<A>(joined[0], joined[1], joined[2], joined[3]);
#pragma GCC unroll 4
    for (int q = 0; q < kQuads<A>; ++q) {
      if (i + q >= args.m) return;
      __m128 value = _mm_add_ps(narrow_quad<A>(all, q), bias);
      if (residual != nullptr) {
        value = _mm_add_ps(value, narrow_load<N>(residual));
        residual += args.residual_step;
      }
      narrow_store<N>(dst, value);
      dst += args.dst_step;
    }
  }
}

// Keeps a value in a register: loaded anew by each multiplication, it would take all that memory can give.
template <class A>
INK_INLINE void narrow_hold(Vec<A>& value) {
#if defined(__AVX512BW__)
  asm("" : "+v"(value.data));
#else
  asm("" : "+x"(value.data));
#endif
}

// Rows are addressed from every third one, as in gemm_step().
template <class A, int M, int N, bool kWhole>
INK_INLINE void narrow_step(const float* const (&base)[(M + 2) / 3], int64_t step, const float* weights,
                            int count, Vec<A> (&sum)[M][N]) {
  Vec<A> w[N];
#pragma GCC unroll 4
  for (int j = 0; j < N; ++j) w[j] = load<A>(weights + j * kLanes<A>);
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i) {
    const float* src = base[i / 3] + i % 3 * step;
    Vec<A> s = kWhole ? load<A>(src) : load_n<A>(src, count);
    narrow_hold<A>(s);
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) sum[i][j] = fma<A>(s, w[j], sum[i][j]);
  }
}

template <class A, int M, int N>
static void narrow_tile_rows(const NarrowTileArgs& given) {
  static_assert(M % kQuads<A> == 0 && M <= kNarrowRows);
  NarrowTileArgs args = given;
  const int64_t step = args.src_step;
  const int rest = args.run % kLanes<A>;
  const bool asks = args.ahead != nullptr;
  const int64_t ahead_step = asks ? args.ahead_step : 0;
  const int64_t ahead_tile = asks ? M * step * static_cast<int64_t>(sizeof(float)) : 0;
  if (!asks) args.ahead = reinterpret_cast<const unsigned char*>(args.packed);
  for (int tile = 0; tile < args.tiles; ++tile) {
    Vec<A> sum[M][N];
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < N; ++j) sum[i][j] = broadcast<A>(0.0f);
    }
    const float* weights = args.packed;
    const unsigned char* ahead = args.ahead;
    for (int t = 0; t < args.tap_count; ++t) {
      const float* base[(M + 2) / 3];
#pragma GCC unroll 4
      for (int b = 0; b < (M + 2) / 3; ++b) base[b] = args.src + args.taps[t] + 3 * b * step;
      for (int k = args.run; k >= kLanes<A>; k -= kLanes<A>) {
        prefetch_later(ahead);
        ahead += ahead_step;
        narrow_step<A, M, N, true>(base, step, weights, kLanes<A>, sum);
        weights += N * kLanes<A>;
#pragma GCC unroll 4
        for (int b = 0; b < (M + 2) / 3; ++b) base[b] += kLanes<A>;
      }
      if (rest > 0) {
        narrow_step<A, M, N, false>(base, step, weights, rest, sum);
        weights += N * kLanes<A>;
      }
    }
    narrow_finish<A, M, N>(args, sum);
    args.src += M * step;
    args.dst += M * args.dst_step;
    args.ahead += ahead_tile;
    if (args.residual != nullptr) args.residual += M * args.residual_step;
  }
}

// Rows of tiles with 1 to 4 columns.
template <class A, int kOne, int kTwo, int kThree, int kFour>
INK_INLINE void narrow_tile(const NarrowTileArgs& args) {
  switch (args.columns) {
    case 1: return narrow_tile_rows<A, kOne, 1>(args);
    case 2: return narrow_tile_rows<A, kTwo, 2>(args);
    case 3: return narrow_tile_rows<A, kThree, 3>(args);
    default: return narrow_tile_rows<A, kFour, 4>(args);
  }
}

}  // namespace ink::simd
