#pragma once

#include "kernels/pool/global_mean.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// Doubles widened from floats, and how the set does it.
#if defined(__AVX512BW__)
using Doubles = __m512d;
INK_INLINE Doubles widen(const float* src) { return _mm512_cvtps_pd(_mm256_loadu_ps(src)); }
INK_INLINE Doubles add(Doubles a, Doubles b) { return _mm512_add_pd(a, b); }
INK_INLINE Doubles load_doubles(const double* src) { return _mm512_loadu_pd(src); }
INK_INLINE void store_doubles(double* dst, Doubles value) { _mm512_storeu_pd(dst, value); }
#elif defined(__AVX2__)
using Doubles = __m256d;
INK_INLINE Doubles widen(const float* src) { return _mm256_cvtps_pd(_mm_loadu_ps(src)); }
INK_INLINE Doubles add(Doubles a, Doubles b) { return _mm256_add_pd(a, b); }
INK_INLINE Doubles load_doubles(const double* src) { return _mm256_loadu_pd(src); }
INK_INLINE void store_doubles(double* dst, Doubles value) { _mm256_storeu_pd(dst, value); }
#else
using Doubles = __m128d;
INK_INLINE Doubles widen(const float* src) {
  return _mm_cvtps_pd(_mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(src)));
}
INK_INLINE Doubles add(Doubles a, Doubles b) { return _mm_add_pd(a, b); }
INK_INLINE Doubles load_doubles(const double* src) { return _mm_loadu_pd(src); }
INK_INLINE void store_doubles(double* dst, Doubles value) { _mm_storeu_pd(dst, value); }
#endif
inline constexpr int kDoubles = static_cast<int>(sizeof(Doubles) / sizeof(double));

template <int kBlocks>
INK_INLINE void sum_channels(const CellSum& args, int64_t channel) {
  Doubles acc[kBlocks];
  for (int b = 0; b < kBlocks; ++b) acc[b] = load_doubles(args.sums + channel + b * kDoubles);
  for (int y = 0; y < args.rows; ++y) {
    const float* src = args.src + y * args.row_stride + channel;
    for (int x = 0; x < args.columns; ++x, src += args.pixel_stride) {
      for (int b = 0; b < kBlocks; ++b) acc[b] = add(acc[b], widen(src + b * kDoubles));
    }
  }
  for (int b = 0; b < kBlocks; ++b) store_doubles(args.sums + channel + b * kDoubles, acc[b]);
}

INK_INLINE void cell_sum(const CellSum& args) {
  constexpr int kBlocks = 8;  // independent chains: an addition takes 4 cycles and two start in each
  int64_t i = 0;
  for (; i + kBlocks * kDoubles <= args.channels; i += kBlocks * kDoubles) sum_channels<kBlocks>(args, i);
  for (; i + kDoubles <= args.channels; i += kDoubles) sum_channels<1>(args, i);
  for (; i < args.channels; ++i) {
    double sum = args.sums[i];
    for (int y = 0; y < args.rows; ++y) {
      for (int x = 0; x < args.columns; ++x) sum += args.src[y * args.row_stride + x * args.pixel_stride + i];
    }
    args.sums[i] = sum;
  }
}

}  // namespace ink::simd
