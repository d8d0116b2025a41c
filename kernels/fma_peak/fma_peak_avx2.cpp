#include "kernels/fma_peak/fma_peak_simd.h"

namespace ink {

INK_KERNEL void fma_peak_avx2(const FmaPeakArgs& args) { simd::fma_peak<simd::Arch>(args); }

}  // namespace ink
