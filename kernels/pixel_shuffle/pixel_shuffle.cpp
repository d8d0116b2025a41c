#include "kernels/pixel_shuffle/pixel_shuffle.h"

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr PixelShuffleVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "pixel_shuffle_avx512", pixel_shuffle_row_avx512},
    {Isa::avx2, "pixel_shuffle_avx2", pixel_shuffle_row_avx2},
    {Isa::sse42, "pixel_shuffle_sse42", pixel_shuffle_row_sse42},
#endif
    {Isa::reference, "pixel_shuffle_reference", pixel_shuffle_row_reference},
};

}  // namespace

void pixel_shuffle_row_reference(const PixelShuffleRow& args) {
  const int64_t square = static_cast<int64_t>(args.r) * args.r;
  const float* src = args.src;
  int dx = args.dx;
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* from = src + args.dy * args.r + dx;
    for (int64_t i = 0; i < args.channels; ++i) args.dst[p * args.dst_stride + i] = from[i * square];
    if (++dx == args.r) {
      dx = 0;
      src += args.src_stride;
    }
  }
}

std::span<const PixelShuffleVariant> pixel_shuffle_variants() { return kVariants; }

const PixelShuffleVariant& choose_pixel_shuffle(Isa limit) {
  return best_variant(pixel_shuffle_variants(), limit);
}

Rect pixel_shuffle_source(int r, Rect region) {
  if (region.h() <= 0 || region.w() <= 0) return {};
  return {region.y0 / r, region.x0 / r, (region.y1 - 1) / r + 1, (region.x1 - 1) / r + 1};
}

void pixel_shuffle_run(const PixelShuffleVariant& variant, int r, View<const float> src, View<float> dst,
                       Rect region, int threads) {
  INK_CHECK(r > 0 && dst.n == src.n && dst.h == src.h * r && dst.w == src.w * r && src.c == dst.c * r * r);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    variant.row({.src = src.at(image, y / r, x / r),
                 .dst = dst.at(image, y, x),
                 .pixels = pixels,
                 .channels = dst.c,
                 .src_stride = src.pixel_stride,
                 .dst_stride = dst.pixel_stride,
                 .r = r,
                 .dy = y % r,
                 .dx = x % r});
  });
}

}  // namespace ink
