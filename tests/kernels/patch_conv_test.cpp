#include "kernels/conv/patch_conv.h"

#include <gtest/gtest.h>

#include "kernels/base/parallel.h"
#include "tests/harness/oracles.h"
#include "tests/harness/pairwise.h"
#include "tests/harness/window_op.h"

namespace ink {
namespace {

using test::Expected;
using test::Shape;

struct Case {
  bool transposed = false;
  int kh = 2, kw = 2;
  Shape cells{1, 1, 1, 1};  // those of the smaller map, and its channels
  int channels = 1;         // of the larger map
  Epilogue epilogue = {};
  bool with_residual = false, scales_src = false, scales_residual = false, one_scale = false;
};

// A map times factors of its channels, rounded once.
std::vector<float> product(const std::vector<float>& map, Shape shape, const std::vector<float>& scale,
                           bool one_scale) {
  std::vector<float> scaled = map;
  const size_t channels = static_cast<size_t>(shape.c),
               image = static_cast<size_t>(shape.h * shape.w) * channels;
  for (size_t i = 0; !scale.empty() && i < map.size(); ++i)
    scaled[i] *= scale[(one_scale ? 0 : i / image * channels) + i % channels];
  return scaled;
}

View<const float> factors(const std::vector<float>& scale, int channels) {
  if (scale.empty()) return {};
  return dense_view(scale.data(), static_cast<int>(scale.size()) / channels, 1, 1, channels);
}

// Every arrangement where step is 1, or every step-th from `index` on.
void check(const Case& c, size_t index, size_t step) {
  SCOPED_TRACE(testing::Message() << (c.transposed ? "transposed " : "") << c.kh << "x" << c.kw << " on "
                                  << c.cells.n << "x" << c.cells.h << "x" << c.cells.w << "x" << c.cells.c
                                  << " and " << c.channels << " scales " << c.scales_src << c.scales_residual
                                  << c.one_scale << (c.with_residual ? " residual" : ""));
  const Shape larger{c.cells.n, c.cells.h * c.kh, c.cells.w * c.kw, c.channels};
  test::WindowOp op;
  op.src_shape = c.transposed ? c.cells : larger;
  op.dst_shape = c.transposed ? larger : c.cells;
  const int ic = op.src_shape.c, oc = op.dst_shape.c, images = c.one_scale ? 1 : c.cells.n;
  const ConvParams p{.ic = ic, .oc = oc, .kh = c.kh, .kw = c.kw, .sh = c.kh, .sw = c.kw};
  const DeconvParams d{.ic = ic, .oc = oc, .kh = c.kh, .kw = c.kw, .sh = c.kh, .sw = c.kw};
  const std::vector<float> weights = test::random_floats({oc, ic, c.kh, c.kw}, 2);
  const std::vector<float> bias = test::random_floats({1, 1, 1, oc}, 3);
  std::vector<float> scales[2];
  if (c.scales_src) scales[0] = test::random_floats({images, 1, 1, ic}, 5);
  if (c.scales_residual) scales[1] = test::random_floats({images, 1, 1, oc}, 6);
  op.src = test::random_floats(op.src_shape, 1);
  if (c.with_residual) op.residual = test::random_floats(op.dst_shape, 4);

  const Expected src(op.src_shape, product(op.src, op.src_shape, scales[0], c.one_scale));
  const Expected sums =
      c.transposed ? test::expect_deconv(src, d, weights, bias) : test::expect_conv(src, p, weights, bias);
  const Expected residual(op.dst_shape, c.with_residual
                                            ? product(op.residual, op.dst_shape, scales[1], c.one_scale)
                                            : std::vector<float>(op.dst_shape.size()));
  const Expected want = test::expect_epilogue(sums, c.epilogue, c.with_residual ? &residual : nullptr);
  op.source = [&](Rect region) {
    if (!c.transposed) return Rect{region.y0 * c.kh, region.x0 * c.kw, region.y1 * c.kh, region.x1 * c.kw};
    return Rect{region.y0 / c.kh, region.x0 / c.kw, (region.y1 + c.kh - 1) / c.kh,
                (region.x1 + c.kw - 1) / c.kw};
  };
  for (const GemmVariant& gemm : test::runnable(gemm_variants())) {
    SCOPED_TRACE(gemm.name);
    const BinaryVariant& binary = choose_binary(gemm.isa);
    const PatchConv conv = c.transposed ? PatchConv(gemm, binary, d, weights.data(), bias.data())
                                        : PatchConv(gemm, binary, p, {weights.data()}, bias.data());
    op.scratch_floats = [&](int threads) { return conv.scratch_floats(threads); };
    op.run = [&](View<const float> map, View<float> dst, View<const float> added, Rect region, int threads,
                 float* scratch) {
      conv.run(map, dst, added, {factors(scales[0], ic), factors(scales[1], oc)}, c.epilogue, region, threads,
               scratch);
    };
    ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
  }
}

constexpr int kHeights[] = {1, 2, 5}, kWidths[] = {1, 3, 14, 17, 29};
constexpr int kKernels[][2] = {{2, 2}, {1, 3}, {2, 1}, {4, 3}};
constexpr int kSources[] = {16, 19, 40};         // channels
constexpr int kOutputs[] = {1, 5, 16, 33, 129};  // the last of more panels than are worth copying rows for
constexpr Epilogue kEpilogues[] = {{Activation::none, 0, false},
                                   {Activation::relu, 0, true},
                                   {Activation::leaky_relu, 0.1f, false},
                                   {Activation::sigmoid, 0, false}};

Case make_case(const std::vector<int>& levels) {
  const auto level = [&](size_t factor) { return static_cast<size_t>(levels[factor]); };
  Case c;
  c.transposed = levels[0] != 0;
  c.kh = kKernels[level(1)][0], c.kw = kKernels[level(1)][1];
  const int ic = kSources[level(2)], oc = kOutputs[level(3)];
  c.cells = {1 + levels[4], kHeights[level(5)], kWidths[level(6)], c.transposed ? ic : oc};
  c.channels = c.transposed ? oc : ic;
  c.epilogue = kEpilogues[level(7)];
  c.with_residual = levels[8] > 0;
  c.scales_residual = levels[8] > 1;
  c.scales_src = levels[9] > 0;
  c.one_scale = levels[9] > 1;
  return c;
}

TEST(PatchConv, EveryTwoLevelsOfEveryTwoFactors) {
  const int levels[] = {2,
                        std::ssize(kKernels),
                        std::ssize(kSources),
                        std::ssize(kOutputs),
                        2,
                        std::ssize(kHeights),
                        std::ssize(kWidths),
                        std::ssize(kEpilogues),
                        3,
                        3};
  with_workers(4, [&] {
    size_t index = 0;
    for (const std::vector<int>& combination : test::pairwise(levels, 2))
      ASSERT_NO_FATAL_FAILURE(check(make_case(combination), index++, 3));
  });
}

TEST(PatchConv, EveryArrangementOfTheShapesOfNetworks) {
  Case up{.transposed = true, .cells = {2, 5, 15, 32}, .channels = 64};
  up.epilogue = {Activation::leaky_relu, 0.1f, false};
  up.with_residual = up.scales_src = up.scales_residual = true;
  Case down{.cells = {1, 4, 17, 64}, .channels = 32};
  down.scales_src = true;
  with_workers(4, [&] {
    ASSERT_NO_FATAL_FAILURE(check(up, 0, 1));
    ASSERT_NO_FATAL_FAILURE(check(down, 0, 1));
  });
}

// Rows whose weights stay further away come in larger pieces, of several tiles.
TEST(PatchConv, ManyWeights) {
  Case up{.transposed = true, .kh = 3, .kw = 3, .cells = {1, 2, 31, 144}, .channels = 420};
  up.scales_src = true;
  with_workers(4, [&] { ASSERT_NO_FATAL_FAILURE(check(up, 0, 7)); });
}

// The bits are those of kernels for any window, of maps that were multiplied before.
TEST(PatchConv, BitsOfOtherKernels) {
  const Shape small{1, 7, 33, 24}, large{1, 14, 66, 24};
  const std::vector<float> map = test::random_floats(large, 1), scale = test::random_floats({1, 1, 1, 24}, 2),
                           weights = test::random_floats({24, 24, 2, 2}, 3);
  const std::vector<float> scaled = product(map, large, scale, true);
  for (const GemmVariant& gemm : test::runnable(gemm_variants())) {
    if (gemm.isa == Isa::openblas) continue;
    for (const bool transposed : {false, true}) {
      const Shape from = transposed ? small : large, to = transposed ? large : small;
      const ConvParams p{.ic = 24, .oc = 24, .kh = 2, .kw = 2, .sh = 2, .sw = 2};
      const DeconvParams d{.ic = 24, .oc = 24, .kh = 2, .kw = 2, .sh = 2, .sw = 2};
      std::vector<float> want(to.size()), got(to.size());
      const auto run = [&](const auto& conv, const std::vector<float>& src, std::vector<float>& dst,
                           const auto&... scales) {
        std::vector<float> scratch(conv.scratch_floats(1) + kAlignment);
        conv.run(dense_view(src.data(), 1, from.h, from.w, 24), dense_view(dst.data(), 1, to.h, to.w, 24), {},
                 scales..., {}, to.whole(), 1, scratch.data());
      };
      const PatchConv::Scales scales{factors(scale, 24), {}};
      const BinaryVariant& binary = choose_binary(gemm.isa);
      if (transposed) {
        run(Deconv(gemm, d, weights.data(), nullptr), scaled, want);
        run(PatchConv(gemm, binary, d, weights.data(), nullptr), map, got, scales);
      } else {
        run(make_conv(gemm, p, {weights.data()}, nullptr), scaled, want);
        run(PatchConv(gemm, binary, p, {weights.data()}, nullptr), map, got, scales);
      }
      EXPECT_EQ(got, want) << gemm.name << (transposed ? " transposed" : "");
    }
  }
}

}  // namespace
}  // namespace ink
