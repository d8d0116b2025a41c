#include "kernels/resize/resize.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr ResizeVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "resize_avx512", resize_nearest_row_avx512, resize_bilinear_row_avx512},
    {Isa::avx2, "resize_avx2", resize_nearest_row_avx2, resize_bilinear_row_avx2},
    {Isa::sse42, "resize_sse42", resize_nearest_row_sse42, resize_bilinear_row_sse42},
#endif
    {Isa::reference, "resize_reference", resize_nearest_row_reference, resize_bilinear_row_reference},
};

}  // namespace

void resize_nearest_row_reference(const ResizeRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.top + (args.taps[p].lo - args.x0) * args.src_stride;
    for (int64_t i = 0; i < args.channels; ++i) args.dst[p * args.dst_stride + i] = src[i];
  }
}

void resize_bilinear_row_reference(const ResizeRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    const ResizeTap& tap = args.taps[p];
    const int64_t lo = (tap.lo - args.x0) * args.src_stride, hi = (tap.hi - args.x0) * args.src_stride;
    for (int64_t i = 0; i < args.channels; ++i) {
      const double lo_weight = tap.lo_weight, hi_weight = tap.hi_weight;
      const double top = lo_weight * args.top[lo + i] + hi_weight * args.top[hi + i];
      const double bottom = lo_weight * args.bottom[lo + i] + hi_weight * args.bottom[hi + i];
      args.dst[p * args.dst_stride + i] =
          static_cast<float>(args.top_weight * top + args.bottom_weight * bottom);
    }
  }
}

ResizeTap resize_tap(ResizeMode mode, int i, int in, int out) {
  if (mode == ResizeMode::nearest) {
    const int32_t index = static_cast<int32_t>(static_cast<int64_t>(i) * in / out);
    return {index, index, 1, 0};
  }
  double position = 0;
  if (mode == ResizeMode::bilinear) {
    position = std::max(0.0, (i + 0.5) * in / out - 0.5);
  } else if (out > 1) {
    position = static_cast<double>(i) * (in - 1) / (out - 1);
  }
  const int32_t lo = static_cast<int32_t>(position);
  if (lo >= in - 1) return {in - 1, in - 1, 1, 0};
  const double fraction = position - lo;
  return {lo, lo + 1, static_cast<float>(1 - fraction), static_cast<float>(fraction)};
}

void fill_resize_taps(ResizeMode mode, int in, std::span<ResizeTap> taps) {
  INK_CHECK(in > 0 && !taps.empty());
  const int out = static_cast<int>(taps.size());
  for (int i = 0; i < out; ++i) taps[static_cast<size_t>(i)] = resize_tap(mode, i, in, out);
}

std::vector<ResizeTap> resize_taps(ResizeMode mode, int in, int out) {
  INK_CHECK(out > 0);
  std::vector<ResizeTap> taps(static_cast<size_t>(out));
  fill_resize_taps(mode, in, taps);
  return taps;
}

std::span<const ResizeVariant> resize_variants() { return kVariants; }

const ResizeVariant& choose_resize(Isa limit) { return best_variant(resize_variants(), limit); }

Rect resize_source(std::span<const ResizeTap> y_taps, std::span<const ResizeTap> x_taps, Rect region) {
  if (region.h() <= 0 || region.w() <= 0) return {};
  const auto first = [](std::span<const ResizeTap> taps, int i) { return taps[static_cast<size_t>(i)].lo; };
  const auto behind = [](std::span<const ResizeTap> taps, int i) {
    return taps[static_cast<size_t>(i) - 1].hi + 1;
  };
  return {first(y_taps, region.y0), first(x_taps, region.x0), behind(y_taps, region.y1),
          behind(x_taps, region.x1)};
}

void resize_run(const ResizeVariant& variant, ResizeMode mode, std::span<const ResizeTap> y_taps,
                std::span<const ResizeTap> x_taps, View<const float> src, View<float> dst, Rect region,
                int threads) {
  INK_CHECK(src.n == dst.n && src.c == dst.c);
  INK_CHECK(y_taps.size() == static_cast<size_t>(dst.h) && x_taps.size() == static_cast<size_t>(dst.w));
  ResizeKernel* row = mode == ResizeMode::nearest ? variant.nearest : variant.bilinear;
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    const ResizeTap& rows = y_taps[static_cast<size_t>(y)];
    row({.top = src.at(image, rows.lo, src.x0),
         .bottom = src.at(image, rows.hi, src.x0),
         .taps = x_taps.data() + x,
         .dst = dst.at(image, y, x),
         .pixels = pixels,
         .channels = dst.c,
         .src_stride = src.pixel_stride,
         .dst_stride = dst.pixel_stride,
         .x0 = src.x0,
         .top_weight = rows.lo_weight,
         .bottom_weight = rows.hi_weight});
  });
}

}  // namespace ink
