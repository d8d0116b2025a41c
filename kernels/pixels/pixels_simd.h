#pragma once

#include <cstring>

#include "kernels/pixels/pixels.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// A vector of floats from as many bytes, and bytes from integers that are in [0, 255] already.
#if defined(__AVX512BW__)
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src))));
}
INK_INLINE void store_u8(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm512_cvtepi32_epi8(value));
}
#elif defined(__AVX2__)
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src))));
}
INK_INLINE void store_u8(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  const __m256i words = value;
  const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  const __m128i shorts = _mm_packus_epi32(low, high);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(dst), _mm_packus_epi16(shorts, shorts));
}
#else
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  int32_t bytes;
  std::memcpy(&bytes, src, sizeof bytes);
  return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)));
}
INK_INLINE void store_u8(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  const __m128i shorts = _mm_packus_epi32(value, value);
  const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
  std::memcpy(dst, &bytes, sizeof bytes);
}
#endif

template <class A>
INK_INLINE void from_u8_row(const FromU8Row& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> divisor = broadcast<A>(args.divisor), offset = broadcast<A>(args.offset);
  int64_t i = 0;
  for (; i + kStep <= args.count; i += kStep) {
    store<A>(args.dst + i, widen_u8(args.src + i) / divisor + offset);
  }
  if (const int rest = static_cast<int>(args.count - i); rest > 0) {
    uint8_t bytes[kStep] = {};
    std::memcpy(bytes, args.src + i, static_cast<size_t>(rest));
    store_n<A>(args.dst + i, widen_u8(bytes) / divisor + offset, rest);
  }
}

template <class A>
INK_INLINE void to_u8_row(const ToU8Row& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> offset = broadcast<A>(args.offset), gain = broadcast<A>(args.gain);
  const Vec<A> black = broadcast<A>(0.0f), white = broadcast<A>(255.0f);
  const auto quantise = [&](Vec<A> x) {
    const Vec<A> value = (x - offset) * gain;
    // A comparison with NaN is false, so NaN becomes black.
    return xsimd::nearbyint_as_int(min<A>(xsimd::select(value > black, value, black), white));
  };
  int64_t i = 0;
  for (; i + kStep <= args.count; i += kStep) store_u8(args.dst + i, quantise(load<A>(args.src + i)));
  if (const int rest = static_cast<int>(args.count - i); rest > 0) {
    uint8_t bytes[kStep];
    store_u8(bytes, quantise(load_n<A>(args.src + i, rest)));
    std::memcpy(args.dst + i, bytes, static_cast<size_t>(rest));
  }
}

}  // namespace ink::simd
