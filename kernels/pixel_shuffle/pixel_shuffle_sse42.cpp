#include "kernels/pixel_shuffle/pixel_shuffle_simd.h"

namespace ink {

INK_KERNEL void pixel_shuffle_row_sse42(const PixelShuffleRow& args) { simd::pixel_shuffle_row(args); }

}  // namespace ink
