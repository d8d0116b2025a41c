#include "kernels/activation/activation.h"

#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr ActivationVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "activation_avx512", activation_row_avx512},
    {Isa::avx2, "activation_avx2", activation_row_avx2},
    {Isa::sse42, "activation_sse42", activation_row_sse42},
#endif
    {Isa::reference, "activation_reference", activation_row_reference},
};

}  // namespace

void activation_row_reference(const ActivationRow& args) {
  for (int64_t i = 0; i < args.count; ++i) args.dst[i] = activate(args.src[i], args.activation, args.slope);
}

std::span<const ActivationVariant> activation_variants() { return kVariants; }

const ActivationVariant& choose_activation(Isa limit) { return best_variant(activation_variants(), limit); }

void activation_run(const ActivationVariant& variant, Activation activation, float slope,
                    View<const float> src, View<float> dst, Rect region, int threads) {
  const bool gapless = src.gapless() && dst.gapless();
  for_each_run(dst.n, region, dst.c, gapless, threads, [&](int image, int y, int x, int64_t pixels) {
    variant.row({src.at(image, y, x), dst.at(image, y, x), pixels * dst.c, activation, slope});
  });
}

}  // namespace ink
