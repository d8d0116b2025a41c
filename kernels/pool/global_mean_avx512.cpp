#include "kernels/pool/global_mean_simd.h"

namespace ink {

INK_KERNEL void cell_sum_avx512(const CellSum& args) { simd::cell_sum(args); }

}  // namespace ink
