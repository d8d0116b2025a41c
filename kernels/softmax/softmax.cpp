#include "kernels/softmax/softmax.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr SoftmaxVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "softmax_avx512", softmax_row_avx512},
    {Isa::avx2, "softmax_avx2", softmax_row_avx2},
    {Isa::sse42, "softmax_sse42", softmax_row_sse42},
#endif
    {Isa::reference, "softmax_reference", softmax_row_reference},
};

}  // namespace

void softmax_row_reference(const SoftmaxRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    const float largest = *std::max_element(src, src + args.channels);
    double sum = 0;
    for (int64_t i = 0; i < args.channels; ++i) {
      dst[i] = std::exp(src[i] - largest);
      sum += dst[i];
    }
    for (int64_t i = 0; i < args.channels; ++i) dst[i] = static_cast<float>(dst[i] / sum);
  }
}

std::span<const SoftmaxVariant> softmax_variants() { return kVariants; }

const SoftmaxVariant& choose_softmax(Isa limit) { return best_variant(softmax_variants(), limit); }

void softmax_run(const SoftmaxVariant& variant, View<const float> src, View<float> dst, Rect region,
                 int threads) {
  INK_CHECK(src.n == dst.n && src.h == dst.h && src.w == dst.w && src.c == dst.c && src.c > 0);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    variant.row(
        {src.at(image, y, x), dst.at(image, y, x), pixels, dst.c, src.pixel_stride, dst.pixel_stride});
  });
}

}  // namespace ink
