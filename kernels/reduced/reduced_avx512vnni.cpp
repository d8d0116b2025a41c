#include "kernels/reduced/reduced_simd.h"

namespace ink {
namespace simd {
namespace {

template <class A>
struct Byte {
  using Type = int8_t;
  static constexpr int kZero = 0;
  INK_INLINE void put(int8_t* dst, Vec<A> x, Vec<A> factor) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm512_cvtsepi32_epi8(round_to_ints(x * factor)));
  }
};

template <class A>
struct UnsignedByte {
  using Type = uint8_t;
  static constexpr int kZero = 0x80;
  INK_INLINE void put(uint8_t* dst, Vec<A> x, Vec<A> factor) {
    const __m128i bytes = _mm512_cvtsepi32_epi8(round_to_ints(x * factor));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
  }
};

}  // namespace
}  // namespace simd

INK_KERNEL float reduced_row_s8_avx512vnni(const ReducedRowArgs& args) {
  return simd::reduced_integer_row<simd::Arch, simd::Byte<simd::Arch>>(args);
}

INK_KERNEL float reduced_row_u8_avx512vnni(const ReducedRowArgs& args) {
  return simd::reduced_integer_row<simd::Arch, simd::UnsignedByte<simd::Arch>>(args);
}

void reduced_tile_int8_avx512vnni(const ReducedTileArgs& args) {
  simd::reduced_tile<simd::Arch, simd::ByteProduct, 14>(args);
}

}  // namespace ink
