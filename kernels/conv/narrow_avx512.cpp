#include "kernels/conv/narrow_simd.h"

namespace ink {

void narrow_tile_avx512(const NarrowTileArgs& args) { simd::narrow_tile<simd::Arch, 8, 8, 8, 4>(args); }

}  // namespace ink
