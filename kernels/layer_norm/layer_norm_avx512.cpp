#include "kernels/layer_norm/layer_norm_simd.h"

namespace ink {

INK_KERNEL void layer_norm_row_avx512(const LayerNormRow& args) { simd::layer_norm_row<simd::Arch>(args); }

}  // namespace ink
