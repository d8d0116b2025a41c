#include "kernels/fma_peak/fma_peak_simd.h"

namespace ink {

INK_KERNEL void fma_peak_avx2(const FmaPeakArgs& args) { simd::fma_peak<simd::Arch>(args); }

INK_KERNEL void int8_peak_avx2(const FmaPeakArgs& args) {
  simd::product_peak<simd::Arch, simd::ShortProduct>(args);
}

}  // namespace ink
