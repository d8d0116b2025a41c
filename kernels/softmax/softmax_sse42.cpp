#include "kernels/softmax/softmax_simd.h"

namespace ink {

INK_KERNEL void softmax_row_sse42(const SoftmaxRow& args) { simd::softmax_row<simd::Arch>(args); }

}  // namespace ink
