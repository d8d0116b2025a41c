#include "kernels/conv/winograd_kernels_simd.h"
#include "kernels/conv/winograd_simd.h"

namespace ink {

INK_KERNEL bool winograd2_kernels_avx512(const WinogradKernels& args) {
  return simd::winograd_kernels<2>(args);
}

INK_KERNEL bool winograd4_kernels_avx512(const WinogradKernels& args) {
  return simd::winograd_kernels<4>(args);
}

INK_KERNEL bool winograd6_kernels_avx512(const WinogradKernels& args) {
  return simd::winograd_kernels<6>(args);
}

INK_KERNEL void winograd2_input_avx512(const WinogradInput& args) {
  simd::winograd_input<simd::Arch, 2>(args);
}

INK_KERNEL void winograd4_input_avx512(const WinogradInput& args) {
  simd::winograd_input<simd::Arch, 4>(args);
}

INK_KERNEL void winograd6_input_avx512(const WinogradInput& args) {
  simd::winograd_input<simd::Arch, 6>(args);
}

INK_KERNEL void winograd2_output_avx512(const WinogradOutput& args) {
  simd::winograd_output<simd::Arch, 2>(args);
}

INK_KERNEL void winograd4_output_avx512(const WinogradOutput& args) {
  simd::winograd_output<simd::Arch, 4>(args);
}

INK_KERNEL void winograd6_output_avx512(const WinogradOutput& args) {
  simd::winograd_output<simd::Arch, 6>(args);
}

INK_KERNEL void winograd_product_avx512(const WinogradProduct& args) {
  simd::winograd_product<simd::Arch, 14>(args);
}

}  // namespace ink
