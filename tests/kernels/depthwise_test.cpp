#include "kernels/depthwise/depthwise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/base/parallel.h"
#include "tests/harness/oracles.h"
#include "tests/harness/pairwise.h"
#include "tests/harness/weight_layouts.h"
#include "tests/harness/window_op.h"

namespace ink {
namespace {

using test::Expected;
using test::Shape;

struct Case {
  ConvParams params;
  Shape src{1, 1, 1, 1};
  Epilogue epilogue = {};
  bool with_bias = true, with_residual = false;
};

ConvParams depthwise(int c, int kernel, int stride) {
  return {.ic = c, .oc = c, .kh = kernel, .kw = kernel, .sh = stride, .sw = stride, .groups = c};
}

// Every arrangement where step is 1, or every step-th from `index` on.
void check(const Case& c, size_t index, size_t step) {
  const ConvParams& p = c.params;
  SCOPED_TRACE(testing::Message() << c.src.n << "x" << c.src.h << "x" << c.src.w << "x" << c.src.c
                                  << " kernel " << p.kh << "x" << p.kw << " stride " << p.sh << "x" << p.sw
                                  << " dilation " << p.dh << "x" << p.dw << " padding " << p.pad_top << " "
                                  << p.pad_left << " " << p.pad_bottom << " " << p.pad_right << " "
                                  << activation_name(c.epilogue.activation)
                                  << (c.with_residual ? " residual" : ""));
  const std::vector<float> weights = test::random_floats({p.oc, 1, p.kh, p.kw}, 2);
  const std::vector<float> hwio = test::hwio_of(weights, p.oc, 1, p.kh * p.kw);
  const std::vector<float> bias = test::random_floats({1, 1, 1, c.with_bias ? p.oc : 0}, 3);
  test::WindowOp op;
  op.src_shape = c.src;
  op.src = test::random_floats(c.src, 1);
  const Expected sums = test::expect_conv(Expected(c.src, op.src), p, weights, bias);
  op.dst_shape = sums.shape;
  if (c.with_residual) op.residual = test::random_floats(op.dst_shape, 4);
  const Expected residual(op.dst_shape,
                          c.with_residual ? op.residual : std::vector<float>(op.dst_shape.size()));
  const Expected want = test::expect_epilogue(sums, c.epilogue, c.with_residual ? &residual : nullptr);
  op.source = [&](Rect region) { return test::conv_source(p, c.src, region); };
  op.scratch_floats = [](int) { return size_t{0}; };
  for (const DepthwiseVariant& variant : test::runnable(depthwise_variants())) {
    SCOPED_TRACE(variant.name);
    const bool keras = index % 2 == 1;
    const ConvWeights given(keras ? hwio.data() : weights.data(),
                            keras ? WeightLayout::hwio : WeightLayout::oihw);
    const DepthwiseConv conv(variant, p, given, c.with_bias ? bias.data() : nullptr);
    op.run = [&](View<const float> src, View<float> dst, View<const float> added, Rect region, int threads,
                 float* scratch) { conv.run(src, dst, added, c.epilogue, region, threads, scratch); };
    ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
  }
}

TEST(Depthwise, EveryTailOfAChannelCount) {
  with_workers(4, [] {
    for (int c = 2; c <= 70; ++c) {
      Case one{depthwise(c, 3, 1), {1, 3, 6, c}};
      one.params.pad_top = one.params.pad_left = one.params.pad_bottom = one.params.pad_right = 1;
      ASSERT_NO_FATAL_FAILURE(check(one, static_cast<size_t>(c), 13));
    }
  });
}

TEST(Depthwise, EveryTwoLevelsOfEveryTwoFactors) {
  constexpr int kKernels[][2] = {{1, 1}, {3, 3}, {5, 5}, {2, 3}, {7, 1}};
  constexpr int kStrides[][2] = {{1, 1}, {2, 2}, {1, 3}, {3, 2}};
  constexpr int kDilations[][2] = {{1, 1}, {2, 2}, {1, 3}};
  constexpr int kSizes[][2] = {{1, 1}, {4, 5}, {3, 14}, {9, 33}};
  constexpr int kChannels[] = {2, 7, 16, 33};
  constexpr Epilogue kEpilogues[] = {{Activation::none, 0, false},
                                     {Activation::relu, 0, true},
                                     {Activation::silu, 0, false},
                                     {Activation::sigmoid, 0, true},
                                     {Activation::leaky_relu, 0.1f, true}};
  const int levels[] = {5, 4, 3, 4, 4, 5, 5, 2, 2, 2};
  with_workers(4, [&] {
    size_t index = 0;
    for (const std::vector<int>& level : test::pairwise(levels, 1)) {
      const auto at = [&](size_t factor) { return level[factor]; };
      Case c{depthwise(kChannels[at(4)], 1, 1)};
      ConvParams& p = c.params;
      p.kh = kKernels[at(0)][0], p.kw = kKernels[at(0)][1];
      p.sh = kStrides[at(1)][0], p.sw = kStrides[at(1)][1];
      p.dh = kDilations[at(2)][0], p.dw = kDilations[at(2)][1];
      const int h = (p.kh - 1) * p.dh, w = (p.kw - 1) * p.dw;
      switch (at(5)) {
        case 0: break;
        case 1:
          p.pad_top = h / 2, p.pad_bottom = h - h / 2, p.pad_left = w / 2, p.pad_right = w - w / 2;
          break;
        case 2: p.pad_bottom = 1, p.pad_right = 1; break;                                 // (0, 1)
        case 3: p.pad_top = 1, p.pad_bottom = 2, p.pad_left = 1, p.pad_right = 2; break;  // (1, 2)
        default:
          p.pad_top = h + 2, p.pad_bottom = h + 1, p.pad_left = w + 1, p.pad_right = w + 3;  // all outside
      }
      c.src = {at(9) + 1, std::max(kSizes[at(3)][0], h + 1 - p.pad_top - p.pad_bottom),
               std::max(kSizes[at(3)][1], w + 1 - p.pad_left - p.pad_right), p.ic};
      c.epilogue = kEpilogues[at(6)];
      c.with_bias = at(7) == 0;
      c.with_residual = at(8) != 0;
      ASSERT_NO_FATAL_FAILURE(check(c, index++, 3));
    }
  });
}

TEST(Depthwise, EveryArrangementOfALayerOfEfficientNet) {
  Case c{depthwise(40, 5, 2), {1, 15, 38, 40}, {Activation::silu, 0, false}};
  c.params.pad_top = c.params.pad_left = 1;
  c.params.pad_bottom = c.params.pad_right = 2;
  with_workers(4, [&] { ASSERT_NO_FATAL_FAILURE(check(c, 0, 1)); });
}

TEST(Depthwise, FactorsAreFoldedIntoTheWeights) {
  const ConvParams p = depthwise(19, 3, 1);
  const std::vector<float> weights = test::random_floats({19, 1, 3, 3}, 1),
                           src = test::random_floats({1, 5, 5, 19}, 2);
  std::vector<double> factors;
  std::vector<float> folded = weights;
  for (int c = 0; c < 19; ++c) factors.push_back(0.1 * c - 0.7);
  for (size_t i = 0; i < folded.size(); ++i) folded[i] = static_cast<float>(folded[i] * factors[i / 9]);
  for (const DepthwiseVariant& variant : test::runnable(depthwise_variants())) {
    const auto run = [&](const ConvWeights& given) {
      std::vector<float> dst(9 * 19);
      DepthwiseConv(variant, p, given, nullptr)
          .run(dense_view(src.data(), 1, 5, 5, 19), dense_view(dst.data(), 1, 3, 3, 19), {}, {}, {0, 0, 3, 3},
               1, nullptr);
      return dst;
    };
    EXPECT_EQ(run({weights.data(), WeightLayout::oihw, factors.data()}), run(folded.data())) << variant.name;
  }
}

TEST(Depthwise, SaysWhyItDeclines) {
  EXPECT_EQ(DepthwiseConv::declines(depthwise(8, 3, 1)), nullptr);
  EXPECT_NE(DepthwiseConv::declines({.ic = 8, .oc = 16, .kh = 3, .kw = 3, .groups = 8}), nullptr);
  EXPECT_NE(DepthwiseConv::declines({.ic = 8, .oc = 8, .kh = 3, .kw = 3, .groups = 2}), nullptr);
  EXPECT_NE(DepthwiseConv::declines({.ic = 1, .oc = 1, .kh = 3, .kw = 3}), nullptr);
}

}  // namespace
}  // namespace ink
