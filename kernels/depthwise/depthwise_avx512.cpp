#include "kernels/depthwise/depthwise_simd.h"

namespace ink {

INK_KERNEL void depthwise_row_avx512(const DepthwiseRow& args) { simd::depthwise_row<simd::Arch>(args); }

}  // namespace ink
