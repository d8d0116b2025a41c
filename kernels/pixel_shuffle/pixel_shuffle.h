#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// One row of dst, from column `dx` of the r columns that a src pixel becomes: with j = dx + p,
//   dst[p * dst_stride + i] = src[(j / r) * src_stride + i * r * r + dy * r + j % r],  p < pixels, i <
//   channels.
// dst does not overlap src.
struct PixelShuffleRow {
  const float* src;
  float* dst;
  int64_t pixels, channels;  // of dst
  int64_t src_stride, dst_stride;
  int r, dy, dx;
};

// Serial; allocates nothing; touches only the elements above.
using PixelShuffleKernel = void(const PixelShuffleRow&);
PixelShuffleKernel pixel_shuffle_row_reference, pixel_shuffle_row_sse42, pixel_shuffle_row_avx2,
    pixel_shuffle_row_avx512;

struct PixelShuffleVariant {
  Isa isa;
  const char* name;
  PixelShuffleKernel* row;
};

// Best first, reference last.
std::span<const PixelShuffleVariant> pixel_shuffle_variants();
const PixelShuffleVariant& choose_pixel_shuffle(Isa limit);

// The part of src that pixel_shuffle_run reads for `region` of dst.
Rect pixel_shuffle_source(int r, Rect region);

// dst[n, y * r + dy, x * r + dx, i] = src[n, y, x, i * r * r + dy * r + dx], dy and dx < r, for the pixels of
// dst in `region`: torch.nn.PixelShuffle(r) on NHWC maps. dst is (n, h * r, w * r, c) where src is (n, h, w,
// c * r * r).
void pixel_shuffle_run(const PixelShuffleVariant& variant, int r, View<const float> src, View<float> dst,
                       Rect region, int threads);

}  // namespace ink
