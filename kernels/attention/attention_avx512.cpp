#include "kernels/attention/attention_simd.h"

namespace ink {

INK_KERNEL void softmax_rows_avx512(const SoftmaxRows& args) { simd::softmax_rows<simd::Arch>(args); }

}  // namespace ink
