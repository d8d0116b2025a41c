#include "kernels/pool/pool.h"

#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr PoolVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "pool_avx512", pool_row_avx512},
    {Isa::avx2, "pool_avx2", pool_row_avx2},
    {Isa::sse42, "pool_sse42", pool_row_sse42},
#endif
    {Isa::reference, "pool_reference", pool_row_reference},
};

// What one output sees along one axis.
struct Window {
  int begin, end;  // its pixels in the map
  int counted;     // those that an average divides by
};

Window window_at(int output, int stride, int before, int kernel, int size, int after, bool include_pad) {
  const int start = output * stride - before;
  const int begin = std::max(start, 0), end = std::min(start + kernel, size);
  return {begin, end, include_pad ? std::min(start + kernel, size + after) - start : end - begin};
}

Window window_y(const PoolShape& shape, int y, int h) {
  return window_at(y, shape.sh, shape.top, shape.kh, h, shape.bottom, shape.count_include_pad);
}

Window window_x(const PoolShape& shape, int x, int w) {
  return window_at(x, shape.sw, shape.left, shape.kw, w, shape.right, shape.count_include_pad);
}

// The outputs [begin, end) of a row whose windows lie in the map whole.
struct Interior {
  int begin, end;
};

Interior interior_x(const PoolShape& shape, int w) {
  const int begin = (shape.left + shape.sw - 1) / shape.sw;
  const int room = w - shape.kw + shape.left;
  return {begin, room < 0 ? begin : room / shape.sw + 1};
}

}  // namespace

void pool_row_reference(const PoolRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    for (int64_t i = 0; i < args.channels; ++i) {
      const float* src = args.src + p * args.src_step + i;
      float max = *src, sum = 0;
      for (int y = 0; y < args.rows; ++y) {
        for (int x = 0; x < args.columns; ++x) {
          const float value = src[y * args.row_stride + x * args.pixel_stride];
          if (value > max || value != value) max = value;
          sum += value;
        }
      }
      args.dst[p * args.dst_stride + i] = args.kind == PoolKind::max ? max : sum / args.divisor;
    }
  }
}

std::span<const PoolVariant> pool_variants() { return kVariants; }

const PoolVariant& choose_pool(Isa limit) { return best_variant(pool_variants(), limit); }

Rect pool_source(const PoolShape& shape, int h, int w, Rect region) {
  if (region.h() <= 0 || region.w() <= 0) return {};
  return {window_y(shape, region.y0, h).begin, window_x(shape, region.x0, w).begin,
          window_y(shape, region.y1 - 1, h).end, window_x(shape, region.x1 - 1, w).end};
}

void pool_run(const PoolVariant& variant, const PoolShape& shape, View<const float> src, View<float> dst,
              Rect region, int threads) {
  INK_CHECK(src.n == dst.n && src.c == dst.c && shape.sh > 0 && shape.sw > 0);
  INK_CHECK(shape.top >= 0 && shape.top < shape.kh && shape.left >= 0 && shape.left < shape.kw);
  INK_CHECK((dst.h - 1) * shape.sh - shape.top < src.h && (dst.w - 1) * shape.sw - shape.left < src.w);
  const Interior interior = interior_x(shape, src.w);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int begin, int64_t pixels) {
    const Window rows = window_y(shape, y, src.h);
    const int end = begin + static_cast<int>(pixels);
    for (int x = begin; x < end;) {
      // Windows cut by an edge differ from output to output; those between are one call.
      const bool inside = x >= interior.begin && x < interior.end;
      const int next = inside ? std::min(end, interior.end) : x + 1;
      const Window columns = window_x(shape, x, src.w);
      variant.row({.src = src.at(image, rows.begin, columns.begin),
                   .dst = dst.at(image, y, x),
                   .pixels = next - x,
                   .channels = dst.c,
                   .src_step = shape.sw * src.pixel_stride,
                   .row_stride = src.row_stride,
                   .pixel_stride = src.pixel_stride,
                   .dst_stride = dst.pixel_stride,
                   .rows = rows.end - rows.begin,
                   .columns = columns.end - columns.begin,
                   .kind = shape.kind,
                   .divisor = static_cast<float>(static_cast<int64_t>(rows.counted) * columns.counted)});
      x = next;
    }
  });
}

}  // namespace ink
