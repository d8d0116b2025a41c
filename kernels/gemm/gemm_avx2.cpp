#include "kernels/gemm/gemm_line_simd.h"

namespace ink {

// 6 x 2 sums, 2 weights and 1 source: 15 of 16 registers.
void gemm_tile_6x16_avx2(const GemmTileArgs& args) { simd::gemm_tile<simd::Arch, 6>(args); }

INK_KERNEL void gemm_row_16_avx2(const GemmRowArgs& args) { simd::gemm_row<simd::Arch>(args); }

INK_KERNEL void gemm_widen_avx2(const GemmWidenArgs& args) { simd::gemm_widen<simd::Arch>(args); }

void gemm_line_6x16_avx2(const GemmLineArgs& args) { simd::gemm_line<simd::Arch, 6>(args); }

}  // namespace ink
