#include "kernels/concat/concat.h"

#include <cstring>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr ConcatVariant kVariants[] = {
    {Isa::reference, "concat_memcpy", concat_row_reference},
};

}  // namespace

void concat_row_reference(const ConcatRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    std::memcpy(args.dst + p * args.dst_stride, args.src + p * args.src_stride,
                static_cast<size_t>(args.channels) * sizeof(float));
  }
}

std::span<const ConcatVariant> concat_variants() { return kVariants; }

const ConcatVariant& choose_concat(Isa limit) { return best_variant(concat_variants(), limit); }

void concat_run(const ConcatVariant& variant, std::span<const View<const float>> srcs, View<float> dst,
                Rect region, int threads) {
  int channels = 0;
  for (const View<const float>& src : srcs) {
    INK_CHECK(src.n == dst.n && src.h == dst.h && src.w == dst.w);
    channels += src.c;
  }
  INK_CHECK(channels == dst.c);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    float* slice = dst.at(image, y, x);
    for (const View<const float>& src : srcs) {
      const float* from = src.at(image, y, x);
      if (from != slice) variant.row({from, slice, pixels, src.c, src.pixel_stride, dst.pixel_stride});
      slice += src.c;
    }
  });
}

}  // namespace ink
