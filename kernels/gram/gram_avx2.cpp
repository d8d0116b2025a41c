#include "kernels/gram/gram_simd.h"

namespace ink {

INK_KERNEL void gram_tile_avx2(const GramTile& args) { simd::gram_tile<simd::Arch>(args); }

}  // namespace ink
