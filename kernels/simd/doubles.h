#pragma once

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

// The next kDoubles lanes of a vector of floats, `half` of the first, widened.
template <class A>
INK_INLINE Doubles widen_half(Vec<A> value, int half) {
#if defined(__AVX512BW__)
  return _mm512_cvtps_pd(half == 0 ? _mm512_castps512_ps256(value) : _mm512_extractf32x8_ps(value, 1));
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(half == 0 ? _mm256_castps256_ps128(value) : _mm256_extractf128_ps(value, 1));
#else
  return _mm_cvtps_pd(half == 0 ? __m128(value) : _mm_movehl_ps(value, value));
#endif
}

}  // namespace ink::simd
