#include "kernels/pool/pool_simd.h"

namespace ink {

INK_KERNEL void pool_row_avx2(const PoolRow& args) { simd::pool_row<simd::Arch>(args); }

}  // namespace ink
