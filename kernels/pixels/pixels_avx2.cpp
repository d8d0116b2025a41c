#include "kernels/pixels/pixels_simd.h"

namespace ink {

INK_KERNEL void from_u8_row_avx2(const FromU8Row& args) { simd::from_u8_row<simd::Arch>(args); }
INK_KERNEL void to_u8_row_avx2(const ToU8Row& args) { simd::to_row<simd::Arch>(args); }
INK_KERNEL void to_u16_row_avx2(const ToU16Row& args) { simd::to_row<simd::Arch>(args); }

}  // namespace ink
