#include "kernels/gemm/gemm_line_simd.h"

namespace ink {

// 14 x 2 sums, 2 weights and 1 source: 31 of 32 registers.
void gemm_tile_14x32_avx512(const GemmTileArgs& args) { simd::gemm_tile<simd::Arch, 14>(args); }

INK_KERNEL void gemm_row_32_avx512(const GemmRowArgs& args) { simd::gemm_row<simd::Arch>(args); }

INK_KERNEL void gemm_widen_avx512(const GemmWidenArgs& args) { simd::gemm_widen<simd::Arch>(args); }

void gemm_line_14x32_avx512(const GemmLineArgs& args) { simd::gemm_line<simd::Arch, 14>(args); }

}  // namespace ink
