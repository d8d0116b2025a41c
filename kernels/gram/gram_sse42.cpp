#include "kernels/gram/gram_simd.h"

namespace ink {

INK_KERNEL void gram_tile_sse42(const GramTile& args) { simd::gram_tile<simd::Arch>(args); }

}  // namespace ink
