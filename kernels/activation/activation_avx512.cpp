#include "kernels/activation/activation_simd.h"

namespace ink {

INK_KERNEL void activation_row_avx512(const ActivationRow& args) { simd::activation_row<simd::Arch>(args); }

}  // namespace ink
