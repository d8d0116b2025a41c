#include "kernels/conv/winograd_simd.h"

namespace ink {

INK_KERNEL void winograd_input_sse42(const WinogradInput& args) { simd::winograd_input<simd::Arch>(args); }

INK_KERNEL void winograd_output_sse42(const WinogradOutput& args) { simd::winograd_output<simd::Arch>(args); }

}  // namespace ink
