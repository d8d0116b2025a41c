#include "kernels/batch_norm/batch_norm_simd.h"

namespace ink {

INK_KERNEL void batch_norm_row_avx2(const BatchNormRow& args) { simd::batch_norm_row<simd::Arch>(args); }

}  // namespace ink
