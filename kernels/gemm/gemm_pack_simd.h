#pragma once

#include "kernels/gemm/gemm_tile.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

INK_INLINE int pack_least(int a, int b) { return a < b ? a : b; }

#if defined(__AVX512BW__)
using PackRow = __m512;
using PackMask = __mmask16;
inline constexpr int kPackSide = 16;

INK_INLINE PackMask pack_mask(int lanes) { return static_cast<PackMask>((1u << lanes) - 1); }
INK_INLINE PackRow pack_load(const float* src, PackMask mask) { return _mm512_maskz_loadu_ps(mask, src); }
INK_INLINE void pack_store(float* dst, PackMask mask, PackRow row) { _mm512_mask_storeu_ps(dst, mask, row); }
INK_INLINE PackRow pack_zero() { return _mm512_setzero_ps(); }
// Stays 0 until a value is not finite, and is NaN then.
INK_INLINE PackRow pack_watch(PackRow seen, PackRow row) {
  return _mm512_fmadd_ps(row, _mm512_setzero_ps(), seen);
}
INK_INLINE bool pack_saw(PackRow seen) { return _mm512_cmp_ps_mask(seen, seen, _CMP_UNORD_Q) != 0; }

struct PackFactors {
  __m512d low, high;
};
INK_INLINE PackFactors pack_factors(const double* src, int lanes) {
  return {_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << pack_least(lanes, 8)) - 1), src),
          _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << (lanes > 8 ? lanes - 8 : 0)) - 1), src + 8)};
}
INK_INLINE PackRow pack_scale(PackRow row, const PackFactors& f) {
  const __m256 low = _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(row)), f.low));
  const __m256 high = _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(row, 1)), f.high));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

INK_INLINE void pack_transpose(PackRow (&r)[kPackSide]) {
  PackRow t[16], u[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  const auto pairs = [](PackRow a, PackRow b, PackRow & low, PackRow & high) __attribute__((always_inline)) {
    low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    high = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  };
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    pairs(t[i], t[i + 2], u[i], u[i + 1]);
    pairs(t[i + 1], t[i + 3], u[i + 2], u[i + 3]);
  }
  // u[4 i + c] has columns c, c + 4, c + 8 and c + 12 of rows 4 i to 4 i + 3.
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const PackRow even0 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0x88),
                  even1 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0x88),
                  odd0 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0xdd),
                  odd1 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0xdd);
    r[c] = _mm512_shuffle_f32x4(even0, even1, 0x88);
    r[8 + c] = _mm512_shuffle_f32x4(even0, even1, 0xdd);
    r[4 + c] = _mm512_shuffle_f32x4(odd0, odd1, 0x88);
    r[12 + c] = _mm512_shuffle_f32x4(odd0, odd1, 0xdd);
  }
}
#else
using PackRow = __m256;
using PackMask = __m256i;
inline constexpr int kPackSide = 8;

INK_INLINE PackMask pack_mask(int lanes) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INK_INLINE PackRow pack_load(const float* src, PackMask mask) { return _mm256_maskload_ps(src, mask); }
INK_INLINE void pack_store(float* dst, PackMask mask, PackRow row) { _mm256_maskstore_ps(dst, mask, row); }
INK_INLINE PackRow pack_zero() { return _mm256_setzero_ps(); }
INK_INLINE PackRow pack_watch(PackRow seen, PackRow row) {
  return _mm256_fmadd_ps(row, _mm256_setzero_ps(), seen);
}
INK_INLINE bool pack_saw(PackRow seen) {
  return _mm256_movemask_ps(_mm256_cmp_ps(seen, seen, _CMP_UNORD_Q)) != 0;
}

struct PackFactors {
  __m256d low, high;
};
INK_INLINE PackFactors pack_factors(const double* src, int lanes) {
  const auto load = [](const double* from, int count) __attribute__((always_inline)) {
    return _mm256_maskload_pd(from,
                              _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3)));
  };
  return {load(src, lanes), load(src + 4, lanes - 4)};
}
INK_INLINE PackRow pack_scale(PackRow row, const PackFactors& f) {
  const __m128 low = _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(row)), f.low));
  const __m128 high = _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_cvtps_pd(_mm256_extractf128_ps(row, 1)), f.high));
  return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}

INK_INLINE void pack_transpose(PackRow (&r)[kPackSide]) {
  PackRow t[8], u[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    r[c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x20);
    r[4 + c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x31);
  }
}
#endif

inline constexpr int kPackAhead = 128;     // elements
inline constexpr int kPackRowsAhead = 16;  // where columns run fastest
// Sums that do not wait for each other.
inline constexpr int kPackSeen = 4;

// Rows of dst, each from `row` as far as `mask` says.
template <bool kScaled>
INK_INLINE void pack_finish(const GemmPackArgs& args, int kk, int j, PackMask mask, PackRow row,
                            const PackFactors& factors) {
  const int64_t at = args.rows == nullptr ? kk : args.rows[kk];
  if constexpr (kScaled) row = pack_scale(row, factors);
  pack_store(static_cast<float*>(args.dst) + at * args.dst_step + j, mask, row);
}

// k runs fastest in memory: squares become columns. All columns take a step together, so that each line of
// src is read once, however rows that lie a power of two apart share a set of the cache.
template <bool kScaled>
INK_INLINE void pack_deep(const GemmPackArgs& args, PackRow (&seen)[kPackSeen]) {
  const auto* src = static_cast<const float*>(args.src);
  for (int kk = 0; kk < args.k; kk += kPackSide) {
    const int depth = pack_least(kPackSide, args.k - kk);
    const PackMask deep = pack_mask(depth);
    // What comes later: of the same rows, in the end of as many rows behind them. The hardware does not see
    // so many rows at once.
    const bool asks = args.k > kPackAhead;
    const int64_t later = kk + kPackAhead,
                  ahead = later < args.k ? later : args.n * args.n_stride + later - args.k;
    for (int j = 0; j < args.n; j += kPackSide) {
      const int columns = pack_least(kPackSide, args.n - j);
      for (int i = 0; asks && i < columns; ++i) prefetch(src + (j + i) * args.n_stride + ahead);
      PackRow r[kPackSide];
      // What is not there: a row again, of which nothing is stored.
#pragma GCC unroll 16
      for (int i = 0; i < kPackSide; ++i)
        r[i] = pack_load(src + (j + pack_least(i, columns - 1)) * args.n_stride + kk, deep);
#pragma GCC unroll 16
      for (int i = 0; i < kPackSide; ++i) seen[i % kPackSeen] = pack_watch(seen[i % kPackSeen], r[i]);
      pack_transpose(r);
      PackFactors factors = {};
      if constexpr (kScaled) factors = pack_factors(args.factors + j, columns);
      const PackMask wide = pack_mask(columns), none = pack_mask(0);
#pragma GCC unroll 16
      for (int i = 0; i < kPackSide; ++i) {
        const int row = pack_least(i, depth - 1);
        pack_finish<kScaled>(args, kk + row, j, row == i ? wide : none, r[i], factors);
      }
    }
  }
}

// Columns run fastest.
template <bool kScaled>
INK_INLINE void pack_wide(const GemmPackArgs& args, PackRow (&seen)[kPackSeen]) {
  const auto* src = static_cast<const float*>(args.src);
  for (int kk = 0; kk < args.k; ++kk) {
    for (int j = 0; j < args.n; j += kPackSide) {
      const int columns = pack_least(kPackSide, args.n - j);
      const PackMask wide = pack_mask(columns);
      prefetch(src + (kk + kPackRowsAhead) * args.k_stride + j);
      const PackRow row = pack_load(src + kk * args.k_stride + j, wide);
      seen[0] = pack_watch(seen[0], row);
      PackFactors factors = {};
      if constexpr (kScaled) factors = pack_factors(args.factors + j, columns);
      pack_finish<kScaled>(args, kk, j, wide, row, factors);
    }
  }
}

INK_INLINE bool gemm_pack(const GemmPackArgs& args) {
  const bool scaled = args.factors != nullptr;
  PackRow seen[kPackSeen] = {pack_zero(), pack_zero(), pack_zero(), pack_zero()};
  if (args.k_stride == 1) {
    scaled ? pack_deep<true>(args, seen) : pack_deep<false>(args, seen);
  } else if (args.n_stride == 1) {
    scaled ? pack_wide<true>(args, seen) : pack_wide<false>(args, seen);
  } else {
    return gemm_pack_reference(args);
  }
  return pack_saw((seen[0] + seen[1]) + (seen[2] + seen[3]));
}

}  // namespace ink::simd
