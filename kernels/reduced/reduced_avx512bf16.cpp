#include "kernels/reduced/reduced_simd.h"

namespace ink {
namespace simd {
namespace {

template <class A>
struct BFloat16 {
  using Type = uint16_t;
  static constexpr int kZero = 0;
  INK_INLINE void put(uint16_t* dst, Vec<A> x, Vec<A>) {
    const __m256bh halves = _mm512_cvtneps_pbh(x);
    std::memcpy(dst, &halves, sizeof(halves));
  }
};

}  // namespace
}  // namespace simd

INK_KERNEL float reduced_row_bf16_avx512bf16(const ReducedRowArgs& args) {
  simd::reduced_put_pieces<simd::Arch, simd::BFloat16<simd::Arch>>(args, 1.0f);
  return 1.0f;
}

void reduced_tile_bf16_avx512bf16(const ReducedTileArgs& args) {
  simd::reduced_tile<simd::Arch, simd::PairProduct, 14>(args);
}

}  // namespace ink
