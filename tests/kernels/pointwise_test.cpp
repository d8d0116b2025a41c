#include "kernels/conv/pointwise.h"

#include <gtest/gtest.h>

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
  Shape src{1, 1, 1, 1};
  int oc = 1;
  Epilogue epilogue = {};
  bool with_residual = false, one_scale = false;
};

// Every arrangement where step is 1, or every step-th from `index` on.
void check(const Case& c, size_t index, size_t step) {
  SCOPED_TRACE(testing::Message() << c.src.n << "x" << c.src.h << "x" << c.src.w << "x" << c.src.c << " to "
                                  << c.oc << (c.with_residual ? " residual" : "")
                                  << (c.one_scale ? " one scale" : ""));
  const ConvParams p{.ic = c.src.c, .oc = c.oc};
  const std::vector<float> weights = test::random_floats({c.oc, c.src.c, 1, 1}, 2);
  const std::vector<float> hwio = test::hwio_of(weights, c.oc, c.src.c, 1);
  const std::vector<float> bias = test::random_floats({1, 1, 1, c.oc}, 3);
  const Shape scale_shape{c.one_scale ? 1 : c.src.n, 1, 1, c.src.c};
  const std::vector<float> scale = test::random_floats(scale_shape, 5);
  test::WindowOp op;
  op.src_shape = c.src;
  op.src = test::random_floats(c.src, 1);
  // Products of two floats are exact in the oracle; here a weight times its scale is rounded once.
  Expected scaled(c.src, op.src);
  for (size_t i = 0; i < op.src.size(); ++i) {
    const size_t channels = static_cast<size_t>(c.src.c), area = static_cast<size_t>(c.src.h * c.src.w);
    const size_t image = c.one_scale ? 0 : i / channels / area;
    scaled.values[i] *= scale[image * channels + i % channels];
    scaled.bounds[i] = std::abs(scaled.values[i]) * 0x1p-23;
  }
  const Expected sums = test::expect_conv(scaled, p, weights, bias);
  op.dst_shape = sums.shape;
  if (c.with_residual) op.residual = test::random_floats(op.dst_shape, 4);
  const Expected residual(op.dst_shape,
                          c.with_residual ? op.residual : std::vector<float>(op.dst_shape.size()));
  const Expected want = test::expect_epilogue(sums, c.epilogue, c.with_residual ? &residual : nullptr);
  op.source = [](Rect region) { return region; };
  for (const GemmVariant& gemm : test::runnable(gemm_variants())) {
    SCOPED_TRACE(gemm.name);
    const bool keras = index % 2 == 1;
    const ConvWeights given(keras ? hwio.data() : weights.data(),
                            keras ? WeightLayout::hwio : WeightLayout::oihw);
    const PointwiseConv conv(gemm, choose_binary(gemm.isa), p, given, bias.data());
    op.scratch_floats = [&](int threads) { return conv.scratch_floats(threads, int64_t{c.src.h} * c.src.w); };
    op.run = [&](View<const float> src, View<float> dst, View<const float> added, Rect region, int threads,
                 float* scratch) {
      conv.run(src, dst, added, dense_view(scale.data(), scale_shape.n, 1, 1, scale_shape.c), c.epilogue,
               region, threads, scratch);
    };
    ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
  }
}

TEST(Pointwise, EveryTwoLevelsOfEveryTwoFactors) {
  constexpr int kChannels[] = {1, 7, 64, 511, 513, 1100};  // up to 512 at once
  constexpr int kOutputs[] = {1, 8, 31, 33, 80};
  constexpr int kSizes[][2] = {{1, 1}, {3, 5}, {7, 2}, {9, 33}};
  constexpr Epilogue kEpilogues[] = {{}, {Activation::relu, 0, true}, {Activation::silu, 0, false}};
  const int levels[] = {6, 5, 4, 3, 2, 2, 2};
  with_workers(4, [&] {
    size_t index = 0;
    for (const std::vector<int>& level : test::pairwise(levels, 1)) {
      const auto at = [&](size_t factor) { return level[factor]; };
      ASSERT_NO_FATAL_FAILURE(check({{at(6) + 1, kSizes[at(2)][0], kSizes[at(2)][1], kChannels[at(0)]},
                                     kOutputs[at(1)],
                                     kEpilogues[at(3)],
                                     at(4) != 0,
                                     at(5) != 0},
                                    index++, 3));
    }
  });
}

// More tiles than a block holds, more blocks than one.
TEST(Pointwise, EveryArrangementOfALargeMap) {
  with_workers(4, [] {
    ASSERT_NO_FATAL_FAILURE(check({{2, 40, 37, 6}, 35, {Activation::none, 0, true}, true, false}, 0, 7));
    ASSERT_NO_FATAL_FAILURE(check({{1, 30, 17, 600}, 35, {Activation::none, 0, true}, true, false}, 0, 11));
  });
}

}  // namespace
}  // namespace ink
