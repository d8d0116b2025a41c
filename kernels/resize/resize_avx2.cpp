#include "kernels/resize/resize_simd.h"

namespace ink {

INK_KERNEL void resize_nearest_row_avx2(const ResizeRow& args) { simd::resize_nearest_row<simd::Arch>(args); }
INK_KERNEL void resize_bilinear_row_avx2(const ResizeRow& args) {
  simd::resize_bilinear_row<simd::Arch>(args);
}

}  // namespace ink
