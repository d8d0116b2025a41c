#include "kernels/reduced/reduced_simd.h"

namespace ink {

INK_KERNEL float reduced_row_f32_avx512(const ReducedRowArgs& args) {
  simd::reduced_put_pieces<simd::Arch, simd::RoundedFloat<simd::Arch>>(args, 1.0f);
  return 1.0f;
}

INK_KERNEL float reduced_row_s16_avx512(const ReducedRowArgs& args) {
  return simd::reduced_integer_row<simd::Arch, simd::Short<simd::Arch>>(args);
}

void reduced_tile_f32_avx512(const ReducedTileArgs& args) {
  simd::reduced_tile<simd::Arch, simd::FloatProduct<simd::Arch>, 14>(args);
}

void reduced_tile_s16_avx512(const ReducedTileArgs& args) {
  simd::reduced_tile<simd::Arch, simd::ShortProduct, 14>(args);
}

INK_KERNEL void reduced_finish_avx512(const ReducedFinishArgs& args) {
  simd::reduced_finish<simd::Arch>(args);
}

}  // namespace ink
