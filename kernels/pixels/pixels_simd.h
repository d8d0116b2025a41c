#pragma once

#include <cstring>

#include "kernels/pixels/pixels.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// A vector of floats from as many bytes, and samples from integers that are in their range already.
#if defined(__AVX512BW__)
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src))));
}
INK_INLINE void store_samples(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm512_cvtepi32_epi8(value));
}
INK_INLINE void store_samples(uint16_t* dst, xsimd::batch<int32_t, Arch> value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm512_cvtepi32_epi16(value));
}
#elif defined(__AVX2__)
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src))));
}
INK_INLINE __m128i to_shorts(xsimd::batch<int32_t, Arch> value) {
  const __m256i words = value;
  return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}
INK_INLINE void store_samples(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  const __m128i shorts = to_shorts(value);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(dst), _mm_packus_epi16(shorts, shorts));
}
INK_INLINE void store_samples(uint16_t* dst, xsimd::batch<int32_t, Arch> value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), to_shorts(value));
}
#else
INK_INLINE Vec<Arch> widen_u8(const uint8_t* src) {
  int32_t bytes;
  std::memcpy(&bytes, src, sizeof bytes);
  return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)));
}
INK_INLINE void store_samples(uint8_t* dst, xsimd::batch<int32_t, Arch> value) {
  const __m128i shorts = _mm_packus_epi32(value, value);
  const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
  std::memcpy(dst, &bytes, sizeof bytes);
}
INK_INLINE void store_samples(uint16_t* dst, xsimd::batch<int32_t, Arch> value) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(dst), _mm_packus_epi32(value, value));
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

template <class A, class Row>
INK_INLINE void to_row(const Row& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> offset = broadcast<A>(args.offset), gain = broadcast<A>(args.gain);
  const Vec<A> black = broadcast<A>(0.0f), white = broadcast<A>(Row::kWhite);
  const auto quantise = [&](Vec<A> x) {
    const Vec<A> value = (x - offset) * gain;
    // A comparison with NaN is false, so NaN becomes black.
    return xsimd::nearbyint_as_int(min<A>(xsimd::select(value > black, value, black), white));
  };
  int64_t i = 0;
  for (; i + kStep <= args.count; i += kStep) store_samples(args.dst + i, quantise(load<A>(args.src + i)));
  if (const int rest = static_cast<int>(args.count - i); rest > 0) {
    typename Row::Sample samples[kStep];
    store_samples(samples, quantise(load_n<A>(args.src + i, rest)));
    std::memcpy(args.dst + i, samples, static_cast<size_t>(rest) * sizeof(samples[0]));
  }
}

}  // namespace ink::simd
