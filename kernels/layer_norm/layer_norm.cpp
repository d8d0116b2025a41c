#include "kernels/layer_norm/layer_norm.h"

#include <cmath>

#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr LayerNormVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "layer_norm_avx512", layer_norm_row_avx512},
    {Isa::avx2, "layer_norm_avx2", layer_norm_row_avx2},
    {Isa::sse42, "layer_norm_sse42", layer_norm_row_sse42},
#endif
    {Isa::reference, "layer_norm_reference", layer_norm_row_reference},
};

}  // namespace

void layer_norm_row_reference(const LayerNormRow& args) {
  const auto count = static_cast<double>(args.channels);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < args.channels; ++i) sum += src[i];
    const double mean = sum / count;
    for (int64_t i = 0; i < args.channels; ++i) squares += (src[i] - mean) * (src[i] - mean);
    const double factor = 1 / std::sqrt(squares / count + static_cast<double>(args.epsilon));
    for (int64_t i = 0; i < args.channels; ++i) {
      dst[i] = static_cast<float>((src[i] - mean) * factor * args.gamma[i] + args.beta[i]);
    }
  }
}

std::span<const LayerNormVariant> layer_norm_variants() { return kVariants; }

const LayerNormVariant& choose_layer_norm(Isa limit) { return best_variant(layer_norm_variants(), limit); }

void layer_norm_run(const LayerNormVariant& variant, const float* gamma, const float* beta, float epsilon,
                    View<const float> src, View<float> dst, Rect region, int threads) {
  INK_CHECK(src.c == dst.c);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    variant.row({src.at(image, y, x), dst.at(image, y, x), gamma, beta, pixels, dst.c, src.pixel_stride,
                 dst.pixel_stride, epsilon});
  });
}

}  // namespace ink
