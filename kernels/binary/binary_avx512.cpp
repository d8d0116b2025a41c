#include "kernels/binary/binary_simd.h"

namespace ink {

INK_KERNEL void binary_row_avx512(const BinaryRow& args) { simd::binary_row<simd::Arch>(args); }

}  // namespace ink
