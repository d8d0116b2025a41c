#include "kernels/fma_peak/fma_peak_simd.h"

namespace ink {

INK_KERNEL void int8_peak_avx512vnni(const FmaPeakArgs& args) {
  simd::product_peak<simd::Arch, simd::ByteProduct>(args);
}

}  // namespace ink
