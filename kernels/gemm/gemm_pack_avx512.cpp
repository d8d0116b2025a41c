#include "kernels/gemm/gemm_pack_simd.h"

namespace ink {

INK_KERNEL bool gemm_pack_avx512(const GemmPackArgs& args) { return simd::gemm_pack(args); }

}  // namespace ink
