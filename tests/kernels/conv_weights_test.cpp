#include "kernels/conv/conv_weights.h"

#include <gtest/gtest.h>

#include "kernels/conv/narrow.h"
#include "kernels/conv/winograd.h"
#include "kernels/deconv/deconv.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/weight_layouts.h"

namespace ink {
namespace {

using test::Shape;

constexpr int kSize = 9;

std::vector<double> some_factors(int oc) {
  std::vector<double> factors;
  for (int j = 0; j < oc; ++j) factors.push_back(0.1 + 0.3 * j / oc);
  return factors;
}

template <class Conv>
size_t scratch_floats(const Conv& conv, int oh, int ow) {
  if constexpr (requires { conv.scratch_floats(1, 1, oh, ow); }) return conv.scratch_floats(1, 1, oh, ow);
  return conv.scratch_floats(1);
}

template <class Conv>
std::vector<float> run(const Conv& conv, int ic, int oc, int oh, int ow) {
  const std::vector<float> src = test::random_floats({1, kSize, kSize, ic}, 7);
  std::vector<float> dst(static_cast<size_t>(oh * ow * oc)), scratch(scratch_floats(conv, oh, ow));
  conv.run(dense_view(src.data(), 1, kSize, kSize, ic), dense_view(dst.data(), 1, oh, ow, oc), {}, {},
           {0, 0, oh, ow}, 1, scratch.data());
  return dst;
}

// Weights in the other order and factors give the bits of weights that were multiplied and rounded before.
void check(const ConvParams& p) {
  const int icg = p.ic / p.groups, area = p.kh * p.kw;
  const std::vector<float> weights = test::random_floats({p.oc, icg, p.kh, p.kw}, 1),
                           bias = test::random_floats({1, 1, 1, p.oc}, 2),
                           hwio = test::hwio_of(weights, p.oc, icg, area);
  const std::vector<double> factors = some_factors(p.oc);
  std::vector<float> folded = weights;
  for (size_t i = 0; i < folded.size(); ++i)
    folded[i] = static_cast<float>(folded[i] * factors[i / static_cast<size_t>(icg * area)]);
  const int oh = (kSize + p.pad_top + p.pad_bottom - p.kh) / p.sh + 1;
  const int ow = (kSize + p.pad_left + p.pad_right - p.kw) / p.sw + 1;
  const auto expect_equal = [&](auto make) {
    const auto result = [&](const ConvWeights& w) { return run(make(w), p.ic, p.oc, oh, ow); };
    const std::vector<float> want = result(folded.data());
    EXPECT_EQ(result({weights.data(), WeightLayout::oihw, factors.data()}), want);
    EXPECT_EQ(result({hwio.data(), WeightLayout::hwio, factors.data()}), want);
    EXPECT_EQ(result({hwio.data(), WeightLayout::hwio}), result(weights.data()));
  };
  for (const GemmVariant& gemm : test::runnable(gemm_variants())) {
    SCOPED_TRACE(testing::Message() << gemm.name << " " << p.ic << " to " << p.oc << ", " << p.kh << "x"
                                    << p.kw << ", groups " << p.groups);
    expect_equal([&](const ConvWeights& w) { return make_conv(gemm, p, w, bias.data()); });
    if (NarrowConv::declines(p) == nullptr) {
      const NarrowVariant& narrow = choose_narrow(gemm.isa);
      expect_equal([&](const ConvWeights& w) { return NarrowConv(narrow, p, w, bias.data()); });
    }
    if (winograd_declines(p) != nullptr) continue;
    for (const int tile : {2, 4, 6}) {
      const WinogradVariant& winograd = choose_winograd(gemm.isa, tile);
      if (winograd.isa != gemm.isa) continue;
      expect_equal([&](const ConvWeights& w) { return WinogradConv(winograd, gemm, p, w, bias.data()); });
    }
  }
}

TEST(ConvWeights, LayoutsAndFactorsGiveTheSameBits) {
  check({.ic = 5, .oc = 37});
  check({.ic = 19, .oc = 3, .kh = 3, .kw = 3});
  check({.ic = 17, .oc = 35, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1});
  check({.ic = 3, .oc = 33, .kh = 7, .kw = 7, .sh = 2, .sw = 2, .pad_top = 2, .pad_left = 2});
  check({.ic = 6, .oc = 9, .kh = 2, .kw = 3, .groups = 3});
  check({.ic = 7, .oc = 14, .kh = 3, .kw = 1, .groups = 7});
}

TEST(ConvWeights, FactorsOfTransposedConvolutions) {
  const auto check_deconv = [](const DeconvParams& p) {
    const int ocg = p.oc / p.groups, area = p.kh * p.kw;
    const std::vector<float> weights = test::random_floats({p.ic, ocg, p.kh, p.kw}, 1);
    const std::vector<double> factors = some_factors(p.oc);
    std::vector<float> folded = weights;
    for (int i = 0; i < p.ic; ++i) {
      for (int j = 0; j < ocg * area; ++j) {
        const size_t channel = static_cast<size_t>(i / (p.ic / p.groups) * ocg + j / area);
        float& weight = folded[static_cast<size_t>(i * ocg * area + j)];
        weight = static_cast<float>(weight * factors[channel]);
      }
    }
    const int size = (kSize - 1) * p.sh + p.kh;
    for (const GemmVariant& gemm : test::runnable(gemm_variants())) {
      EXPECT_EQ(run(Deconv(gemm, p, weights.data(), nullptr, factors.data()), p.ic, p.oc, size, size),
                run(Deconv(gemm, p, folded.data(), nullptr), p.ic, p.oc, size, size))
          << gemm.name;
      if (NarrowConv::declines(p) != nullptr) continue;
      const NarrowVariant& narrow = choose_narrow(gemm.isa);
      EXPECT_EQ(run(NarrowConv(narrow, p, weights.data(), nullptr, factors.data()), p.ic, p.oc, size, size),
                run(NarrowConv(narrow, p, folded.data(), nullptr), p.ic, p.oc, size, size))
          << gemm.name;
    }
  };
  check_deconv({.ic = 17, .oc = 3, .kh = 4, .kw = 4, .sh = 2, .sw = 2});
  check_deconv({.ic = 6, .oc = 40, .kh = 2, .kw = 2, .sh = 2, .sw = 2});
  check_deconv({.ic = 6, .oc = 9, .kh = 3, .kw = 3, .groups = 3});
}

}  // namespace
}  // namespace ink
