#pragma once

#include <cstdint>

#include "kernels/conv/winograd_points.h"
#include "kernels/conv/winograd_tile.h"
#include "kernels/simd/doubles.h"

namespace ink::simd {

// Those of `lanes` that are left, which may be none.
INK_INLINE int kernels_left(int left, int lanes) { return left < 0 ? 0 : left < lanes ? left : lanes; }

INK_INLINE __m256i kernels_mask(int lanes) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

inline constexpr int kKernelsAhead = 12;  // input channels

// Eight kernels of nine taps in a row each, as a vector a tap.
INK_INLINE void kernels_transpose(const float* src, int64_t step, __m256 (&g)[9]) {
  __m256 r[8], t[8], u[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(src + i * step);
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
    g[c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x20);
    g[4 + c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x31);
  }
  const float* const last = src + 8;
  g[8] = _mm256_setr_ps(last[0], last[step], last[2 * step], last[3 * step], last[4 * step], last[5 * step],
                        last[6 * step], last[7 * step]);
}

// The same of any steps and of fewer kernels, zeros for the others.
INK_INLINE void kernels_load(const WinogradKernels& args, const float* src, int lanes, __m256 (&g)[9]) {
  if (args.tap_step == 1 && lanes == 8) return kernels_transpose(src, args.oc_step, g);
  const __m256i mask = kernels_mask(lanes);
  for (int k = 0; k < 9; ++k) {
    const float* const tap = src + k * args.tap_step;
    if (args.oc_step == 1) {
      g[k] = _mm256_maskload_ps(tap, mask);
    } else {
      alignas(32) float values[8] = {};
      for (int l = 0; l < lanes; ++l) values[l] = tap[l * args.oc_step];
      g[k] = _mm256_load_ps(values);
    }
  }
}

INK_INLINE Doubles kernels_widen(__m256 values, int part) {
#if defined(__AVX512BW__)
  static_cast<void>(part);
  return _mm512_cvtps_pd(values);
#else
  return _mm256_cvtps_pd(part == 0 ? _mm256_castps256_ps128(values) : _mm256_extractf128_ps(values, 1));
#endif
}

INK_INLINE void kernels_store(float* dst, Doubles value) {
#if defined(__AVX512BW__)
  _mm256_storeu_ps(dst, _mm512_cvtpd_ps(value));
#else
  _mm_storeu_ps(dst, _mm256_cvtpd_ps(value));
#endif
}

INK_INLINE Doubles kernels_broadcast(double value) {
#if defined(__AVX512BW__)
  return _mm512_set1_pd(value);
#else
  return _mm256_set1_pd(value);
#endif
}

// value * factors rounded to float, which goes on in double.
INK_INLINE Doubles kernels_scale(Doubles value, const double* factors, int lanes) {
#if defined(__AVX512BW__)
  const auto mask = static_cast<__mmask8>((1u << lanes) - 1);
  return _mm512_cvtps_pd(_mm512_cvtpd_ps(_mm512_mul_pd(value, _mm512_maskz_loadu_pd(mask, factors))));
#else
  const __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(lanes), _mm256_setr_epi64x(0, 1, 2, 3));
  return _mm256_cvtps_pd(_mm256_cvtpd_ps(_mm256_mul_pd(value, _mm256_maskload_pd(factors, mask))));
#endif
}

// One column of G g, by the operations of the reference.
template <int kTile>
INK_INLINE void kernels_column(Doubles g0, Doubles g1, Doubles g2, Doubles (&u)[kTile + 2]) {
  using Points = WinogradPoints<kTile>;
  u[0] = g0 * kernels_broadcast(Points::kFirst);
#pragma GCC unroll 3
  for (int pair = 0; pair < kTile / 2; ++pair) {
    const double* const row = Points::kPairs[pair];
    const Doubles even = g0 * kernels_broadcast(row[0]) + g2 * kernels_broadcast(row[2]),
                  odd = g1 * kernels_broadcast(row[1]);
    u[1 + 2 * pair] = even + odd;
    u[2 + 2 * pair] = even - odd;
  }
  u[kTile + 1] = g2;
}

template <int kTile>
INK_INLINE bool winograd_kernels(const WinogradKernels& args) {
  constexpr int kInput = kTile + 2;
  const __m256 zero = _mm256_setzero_ps();
  __m256 seen[3] = {zero, zero, zero};  // 0 until a value is not finite, and NaN then
  for (int i = 0; i < args.channels; ++i) {
    for (int j = 0; j < args.panel; j += 8) {
      const int lanes = kernels_left(args.columns - j, 8);
      const float* const ahead = args.src + j * args.oc_step + (i + kKernelsAhead) * args.ic_step;
      if (args.tap_step == 1) {
        for (int l = 0; l < lanes; ++l) prefetch(ahead + l * args.oc_step);
      } else {
        for (int k = 0; k < 9; ++k) prefetch(ahead + k * args.tap_step);
      }
      __m256 taps[9];
      kernels_load(args, args.src + j * args.oc_step + i * args.ic_step, lanes, taps);
#pragma GCC unroll 9
      for (int k = 0; k < 9; ++k) seen[k % 3] = _mm256_fmadd_ps(taps[k], zero, seen[k % 3]);
      for (int part = 0; part < 8 / kDoubles; ++part) {
        const int first = j + part * kDoubles;
        Doubles g[9], rows[3][kInput], point[kInput];
#pragma GCC unroll 9
        for (int k = 0; k < 9; ++k) {
          g[k] = kernels_widen(taps[k], part);
          if (args.factors != nullptr)
            g[k] = kernels_scale(g[k], args.factors + first, kernels_left(args.columns - first, kDoubles));
        }
#pragma GCC unroll 3
        for (int x = 0; x < 3; ++x) kernels_column<kTile>(g[x], g[3 + x], g[6 + x], rows[x]);
        float* const to = args.dst + int64_t{i} * args.panel + first;
        // A loop, for code is dear, too.
#pragma GCC unroll 1
        for (int y = 0; y < kInput; ++y) {
          kernels_column<kTile>(rows[0][y], rows[1][y], rows[2][y], point);
#pragma GCC unroll 8
          for (int x = 0; x < kInput; ++x) kernels_store(to + (y * kInput + x) * args.dst_stride, point[x]);
        }
      }
    }
  }
  const __m256 all = seen[0] + seen[1] + seen[2];
  return _mm256_movemask_ps(_mm256_cmp_ps(all, all, _CMP_UNORD_Q)) != 0;
}

}  // namespace ink::simd
