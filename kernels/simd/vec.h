#pragma once

// The vector vocabulary of the <op>_simd.h bodies. Included only by files that are compiled with the flags of
// one instruction set (cmake/isa.cmake): everything here and in those bodies has internal linkage, so that
// the linker can never hand code of a newer set to an older CPU.

#include <cstdint>
#include <xsimd/xsimd.hpp>

#define INK_INLINE static inline __attribute__((always_inline))
// On entry points: inlines all that the body calls, the members of xsimd::batch included.
#define INK_KERNEL __attribute__((flatten))

namespace ink::simd {

#if defined(__AVX512BW__)
using Arch = xsimd::avx512bw;
#elif defined(__FMA__) && defined(__AVX2__)
using Arch = xsimd::fma3<xsimd::avx2>;
#elif defined(__SSE4_2__)
using Arch = xsimd::sse4_2;
#else
#error "an <op>_simd.h body needs the flags of an instruction set"
#endif

template <class A>
using Vec = xsimd::batch<float, A>;

template <class A>
inline constexpr int kLanes = static_cast<int>(xsimd::batch<float, A>::size);

template <class A>
INK_INLINE Vec<A> load(const float* src) {
  return Vec<A>::load_unaligned(src);
}

template <class A>
INK_INLINE void store(float* dst, Vec<A> value) {
  value.store_unaligned(dst);
}

template <class A>
INK_INLINE Vec<A> broadcast(float value) {
  return Vec<A>(value);
}

// Asks for a cache line. Any address will do, also one behind the end of an array.
INK_INLINE void prefetch(const float* src) { _mm_prefetch(reinterpret_cast<const char*>(src), _MM_HINT_T0); }

// The same into the second-level cache, where it may wait longer.
INK_INLINE void prefetch_later(const unsigned char* src) {
  _mm_prefetch(reinterpret_cast<const char*>(src), _MM_HINT_T1);
}

// a * b + c: one rounding where the set has FMA, two on SSE4.2. xsimd::fma has no AVX-512 form in 8.1.
template <class A>
INK_INLINE Vec<A> fma(Vec<A> a, Vec<A> b, Vec<A> c) {
#if defined(__AVX512BW__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

#if defined(__AVX512BW__)
INK_INLINE __mmask16 first_lanes(int count) { return static_cast<__mmask16>((1u << count) - 1u); }
#elif defined(__AVX2__)
INK_INLINE __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

// The first `count` lanes from memory, zero in the rest; memory behind them is not touched. 0 <= count <=
// lanes.
template <class A>
INK_INLINE Vec<A> load_n(const float* src, int count) {
#if defined(__AVX512BW__)
  return _mm512_maskz_loadu_ps(first_lanes(count), src);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(src, first_lanes(count));
#else
  // By halves: lanes gathered on the stack would be read back before their stores have drained.
  if (count >= 4) return load<A>(src);
  if (count <= 0) return broadcast<A>(0.0f);
  if (count == 1) return _mm_load_ss(src);
  const __m128 pair = _mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(src));
  return count == 2 ? pair : _mm_movelh_ps(pair, _mm_load_ss(src + 2));
#endif
}

// Stores the first `count` lanes and touches nothing behind them.
template <class A>
INK_INLINE void store_n(float* dst, Vec<A> value, int count) {
#if defined(__AVX512BW__)
  _mm512_mask_storeu_ps(dst, first_lanes(count), value);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(dst, first_lanes(count), value);
#else
  if (count >= 4) return store<A>(dst, value);
  if (count == 1) return _mm_store_ss(dst, value);
  if (count <= 0) return;
  _mm_storel_pi(reinterpret_cast<__m64*>(dst), value);
  if (count == 3) _mm_store_ss(dst + 2, _mm_movehl_ps(value, value));
#endif
}

// The first `count` lanes, zero in the rest. 0 <= count <= lanes.
template <class A>
INK_INLINE Vec<A> first_n(Vec<A> value, int count) {
#if defined(__AVX512BW__)
  return _mm512_maskz_mov_ps(first_lanes(count), value);
#elif defined(__AVX2__)
  return _mm256_and_ps(value, _mm256_castsi256_ps(first_lanes(count)));
#else
  const __m128i lanes = _mm_cmpgt_epi32(_mm_set1_epi32(count), _mm_setr_epi32(0, 1, 2, 3));
  return _mm_and_ps(value, _mm_castsi128_ps(lanes));
#endif
}

// The sum and the largest of all lanes: halves, then quarters, and so on, in one order on every CPU of a set.
template <class A>
INK_INLINE float reduce_add(Vec<A> value) {
  return xsimd::hadd(value);
}
template <class A>
INK_INLINE float reduce_max(Vec<A> value) {
#if defined(__AVX512BW__)
  return _mm512_reduce_max_ps(value);
#else
#if defined(__AVX2__)
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps(value, 1));
#else
  __m128 half = value;
#endif
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
#endif
}

template <class A>
INK_INLINE Vec<A> max(Vec<A> a, Vec<A> b) {
  return xsimd::max(a, b);
}

template <class A>
INK_INLINE Vec<A> min(Vec<A> a, Vec<A> b) {
  return xsimd::min(a, b);
}

}  // namespace ink::simd
