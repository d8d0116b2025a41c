#include "kernels/deconv/winograd_deconv.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/guarded.h"
#include "tests/harness/oracles.h"
#include "tests/harness/pairwise.h"
#include "tests/harness/window_op.h"

namespace ink {
namespace {

using test::Expected;
using test::GuardedFloats;
using test::Shape;

struct Problem {
  Shape src;
  int oc, pad;
  Epilogue epilogue = {};
  bool residual = false;

  DeconvParams params() const {
    return {.ic = src.c,
            .oc = oc,
            .kh = 4,
            .kw = 4,
            .sh = 2,
            .sw = 2,
            .pad_top = pad,
            .pad_left = pad,
            .pad_bottom = pad,
            .pad_right = pad};
  }
};

void check(const Problem& p) {
  SCOPED_TRACE(testing::Message() << p.src.h << "x" << p.src.w << "x" << p.src.c << " to " << p.oc
                                  << " padding " << p.pad);
  const DeconvParams params = p.params();
  ASSERT_EQ(WinogradDeconv::declines(params), nullptr);
  const std::vector<float> values = test::random_floats(p.src, 1),
                           weights = test::random_floats({p.src.c, p.oc, 4, 4}, 2),
                           bias = test::random_floats({1, 1, 1, p.oc}, 3);
  const Expected sums = test::expect_deconv(Expected(p.src, values), params, weights, bias);
  const Shape shape = sums.shape;
  const std::vector<float> added = test::random_floats(shape, 4);
  const Expected residual(shape, added);
  Expected want = test::expect_epilogue(sums, p.epilogue, p.residual ? &residual : nullptr);
  // As tests of F(4x4, 3x3) have it.
  for (double& bound : want.bounds) bound = 300 * test::kRounding * (std::sqrt(4.0 * p.src.c) + 1);

  for (const WinogradVariant& variant : test::runnable(winograd_variants(4))) {
    SCOPED_TRACE(variant.name);
    const auto side = GuardedFloats::Side::guard_after;
    const WinogradDeconv deconv(variant, choose_gemm(variant.isa), params, weights.data(), bias.data());
    const auto run = [&](Rect region, int threads) {
      GuardedFloats src(values.size(), side), dst(shape.size(), side);
      std::copy(values.begin(), values.end(), src.data());
      std::fill(dst.span().begin(), dst.span().end(), -77.0f);
      AlignedBuffer<float> scratch(deconv.scratch_floats(threads, shape.n, shape.h, shape.w));
      std::fill(scratch.begin(), scratch.end(), NAN);
      const auto map = [&](const float* data, Shape s) { return dense_view(data, s.n, s.h, s.w, s.c); };
      deconv.run(map(src.data(), p.src), dense_view(dst.data(), shape.n, shape.h, shape.w, shape.c),
                 p.residual ? map(added.data(), shape) : View<const float>{}, p.epilogue, region, threads,
                 scratch.data());
      EXPECT_TRUE(dst.intact());
      return std::vector<float>(dst.span().begin(), dst.span().end());
    };
    const std::vector<float> whole = run(shape.whole(), 1);
    ASSERT_TRUE(test::matches(want, whole));
    EXPECT_EQ(run(shape.whole(), 3), whole);
    // Regions that begin on the grid and end anywhere, also between the pixels of a patch.
    const int grid = deconv.grid();
    for (const Rect region : {Rect{0, grid, 5, shape.w}, Rect{grid, 0, shape.h, 2 * grid - 3}}) {
      if (region.y1 > shape.h || region.x1 > shape.w || region.empty()) continue;
      const std::vector<float> part = run(region, 2);
      for (size_t i = 0; i < part.size(); ++i) {
        const int pixel = static_cast<int>(i / static_cast<size_t>(shape.c));
        const int x = pixel % shape.w, y = pixel / shape.w % shape.h;
        const bool inside = y >= region.y0 && y < region.y1 && x >= region.x0 && x < region.x1;
        ASSERT_EQ(part[i], inside ? whole[i] : -77.0f) << y << "," << x;
      }
    }
  }
}

TEST(WinogradDeconv, MatchesTheOracleInEveryRegion) {
  for (const int pad : {0, 1, 2, 3}) {
    for (const int h : {3, 8, 13}) ASSERT_NO_FATAL_FAILURE(check({{1, h, 11, 16}, 12, pad}));
  }
  ASSERT_NO_FATAL_FAILURE(check({{1, 43, 51, 64}, 64, 3}));
  ASSERT_NO_FATAL_FAILURE(check({{2, 14, 17, 21}, 33, 3, {Activation::leaky_relu, 0.1f}, true}));
  ASSERT_NO_FATAL_FAILURE(check({{2, 44, 40, 17}, 19, 1, {Activation::relu, 0, true}, true}));
}

TEST(WinogradDeconv, SaysWhyItDeclines) {
  const auto declines = [](auto change) {
    DeconvParams params = Problem{{1, 8, 8, 16}, 12, 3}.params();
    change(params);
    return WinogradDeconv::declines(params) != nullptr;
  };
  EXPECT_FALSE(declines([](DeconvParams&) {}));
  EXPECT_TRUE(declines([](DeconvParams& p) { p.kh = 2; }));
  EXPECT_TRUE(declines([](DeconvParams& p) { p.sw = 1; }));
  EXPECT_TRUE(declines([](DeconvParams& p) { p.oc = 3; }));
  EXPECT_TRUE(declines([](DeconvParams& p) { p.groups = 2; }));
}

}  // namespace
}  // namespace ink
