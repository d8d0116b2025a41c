#include "kernels/gemm/gemm_line_simd.h"

namespace ink {

// 6 x 2 sums, 2 weights, 1 source and 1 product: 16 of 16 registers.
void gemm_tile_6x8_sse42(const GemmTileArgs& args) { simd::gemm_tile<simd::Arch, 6>(args); }

INK_KERNEL void gemm_row_8_sse42(const GemmRowArgs& args) { simd::gemm_row<simd::Arch>(args); }

INK_KERNEL void gemm_widen_sse42(const GemmWidenArgs& args) { simd::gemm_widen<simd::Arch>(args); }

void gemm_line_6x8_sse42(const GemmLineArgs& args) { simd::gemm_line<simd::Arch, 6>(args); }

}  // namespace ink
