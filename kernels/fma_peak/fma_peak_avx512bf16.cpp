#include "kernels/fma_peak/fma_peak_simd.h"

namespace ink {

INK_KERNEL void bf16_peak_avx512bf16(const FmaPeakArgs& args) {
  simd::product_peak<simd::Arch, simd::PairProduct>(args);
}

}  // namespace ink
