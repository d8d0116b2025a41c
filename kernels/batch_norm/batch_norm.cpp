#include "kernels/batch_norm/batch_norm.h"

#include <cmath>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr BatchNormVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "batch_norm_avx512", batch_norm_row_avx512},
    {Isa::avx2, "batch_norm_avx2", batch_norm_row_avx2},
    {Isa::sse42, "batch_norm_sse42", batch_norm_row_sse42},
#endif
    {Isa::reference, "batch_norm_reference", batch_norm_row_reference},
};

}  // namespace

void batch_norm_row_reference(const BatchNormRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    for (int64_t i = 0; i < args.channels; ++i) {
      const double value =
          static_cast<double>(args.src[p * args.src_stride + i]) * args.scale[i] + args.shift[i];
      args.dst[p * args.dst_stride + i] = activate(static_cast<float>(value), args.activation, args.slope);
    }
  }
}

std::span<const BatchNormVariant> batch_norm_variants() { return kVariants; }

const BatchNormVariant& choose_batch_norm(Isa limit) { return best_variant(batch_norm_variants(), limit); }

void batch_norm_prepare(int channels, const float* gamma, const float* beta, const float* mean,
                        const float* variance, double epsilon, float* scale, float* shift) {
  for (int i = 0; i < channels; ++i) {
    const double factor = (gamma != nullptr ? gamma[i] : 1.0) / std::sqrt(variance[i] + epsilon);
    scale[i] = static_cast<float>(factor);
    // The rounded scale, so that a value at the mean comes out as beta and not as beta plus mean times an
    // ulp.
    shift[i] =
        static_cast<float>((beta != nullptr ? beta[i] : 0.0) - static_cast<double>(mean[i]) * scale[i]);
  }
}

void batch_norm_run(const BatchNormVariant& variant, const float* scale, const float* shift,
                    Activation activation, float slope, View<const float> src, View<float> dst, Rect region,
                    int threads) {
  INK_CHECK(src.n == dst.n && src.h == dst.h && src.w == dst.w && src.c == dst.c);
  // Pixels of few channels, as of pictures, go several as one: vectors of three lanes would crawl.
  constexpr int kFewChannels = 8, kTogether = 16;
  const bool few = dst.c <= kFewChannels && src.pixel_stride == dst.c && dst.pixel_stride == dst.c;
  float scales[kFewChannels * kTogether], shifts[kFewChannels * kTogether];
  for (int i = 0; few && i < kTogether * dst.c; ++i)
    scales[i] = scale[i % dst.c], shifts[i] = shift[i % dst.c];
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    const float* from = src.at(image, y, x);
    float* to = dst.at(image, y, x);
    if (const int64_t groups = few ? pixels / kTogether : 0; groups > 0) {
      const int64_t floats = int64_t{kTogether} * dst.c;
      variant.row({from, to, scales, shifts, groups, floats, floats, floats, activation, slope});
      from += groups * floats, to += groups * floats, pixels -= groups * kTogether;
    }
    if (pixels == 0) return;
    variant.row(
        {from, to, scale, shift, pixels, dst.c, src.pixel_stride, dst.pixel_stride, activation, slope});
  });
}

}  // namespace ink
