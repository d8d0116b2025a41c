#include "kernels/conv/narrow_simd.h"

namespace ink {

void narrow_tile_sse42(const NarrowTileArgs& args) { simd::narrow_tile<simd::Arch, 8, 4, 3, 2>(args); }

}  // namespace ink
