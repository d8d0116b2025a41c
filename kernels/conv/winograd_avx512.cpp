#include "kernels/conv/winograd_simd.h"

namespace ink {

INK_KERNEL void winograd_input_avx512(const WinogradInput& args) { simd::winograd_input<simd::Arch>(args); }

INK_KERNEL void winograd_output_avx512(const WinogradOutput& args) {
  simd::winograd_output<simd::Arch>(args);
}

}  // namespace ink
