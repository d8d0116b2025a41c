#include "kernels/conv/conv.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/parallel.h"
#include "kernels/conv/narrow.h"
#include "tests/harness/oracles.h"
#include "tests/harness/pairwise.h"
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

std::string describe(const Case& c) {
  const ConvParams& p = c.params;
  std::ostringstream text;
  text << c.src.n << "x" << c.src.h << "x" << c.src.w << "x" << c.src.c << " to " << p.oc << ", kernel "
       << p.kh << "x" << p.kw << " stride " << p.sh << "x" << p.sw << " dilation " << p.dh << "x" << p.dw
       << " padding " << p.pad_top << " " << p.pad_left << " " << p.pad_bottom << " " << p.pad_right
       << " groups " << p.groups << " " << activation_name(c.epilogue.activation)
       << (c.with_residual ? " residual" : "") << (c.epilogue.residual_first ? " first" : "")
       << (c.with_bias ? "" : " no bias");
  return text.str();
}

// The largest number of threads in an arrangement: workers that stand by make thousands of short runs cheap.
constexpr int kWorkers = 4;

// Every arrangement where step is 1, or every step-th, other ones for each `index`.
void check(const Case& c, size_t index, size_t step) {
  SCOPED_TRACE(describe(c));
  const ConvParams& p = c.params;
  const Shape weight_shape{p.oc, p.ic / p.groups, p.kh, p.kw};
  const std::vector<float> weights = test::random_floats(weight_shape, 2);
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
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    SCOPED_TRACE(variant.name);
    const auto run_everywhere = [&](const auto& conv) {
      op.scratch_floats = [&](int threads) { return conv.scratch_floats(threads); };
      op.run = [&](View<const float> src, View<float> dst, View<const float> added, Rect region, int threads,
                   float* scratch) { conv.run(src, dst, added, c.epilogue, region, threads, scratch); };
      ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
    };
    const float* bias_data = c.with_bias ? bias.data() : nullptr;
    ASSERT_NO_FATAL_FAILURE(run_everywhere(make_conv(variant, p, weights.data(), bias_data)));
    if (NarrowConv::declines(p) != nullptr) continue;
    SCOPED_TRACE("narrow");
    const NarrowVariant& narrow = choose_narrow(variant.isa);
    ASSERT_NO_FATAL_FAILURE(run_everywhere(NarrowConv(narrow, p, weights.data(), bias_data)));
  }
}

// The factors of which every two levels meet.
struct Kernel {
  int h, w;
};
constexpr Kernel kKernels[] = {{1, 1}, {3, 3}, {2, 2}, {5, 5}, {7, 7}, {1, 3}, {3, 1}};
constexpr Kernel kStrides[] = {{1, 1}, {2, 2}, {3, 3}, {2, 1}, {1, 3}};
constexpr Kernel kDilations[] = {{1, 1}, {2, 2}, {3, 3}, {2, 1}, {1, 3}};
constexpr int kGroups[] = {1, 2, 3};
constexpr int kInputs[] = {1, 2, 3, 4, 7, 8, 9, 16, 17};                      // channels a group
constexpr int kOutputs[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33};  // channels a group
enum Padding { kNone, kSame, kUneven, kWide, kBehind };
constexpr int kPaddings = 5;
// Outputs beyond the first of each axis, as far as 33 pixels of src go.
constexpr Kernel kSizes[] = {{0, 0}, {1, 2}, {0, 13}, {6, 5}, {2, 14}, {4, 27}, {1, 32}};
constexpr int kBatches[] = {1, 2};
constexpr Epilogue kEpilogues[] = {
    {Activation::none, 0, false},          {Activation::relu, 0, true},
    {Activation::leaky_relu, 0.1f, false}, {Activation::leaky_relu, 0.1f, true},
    {Activation::sigmoid, 0, false},       {Activation::tanh, 0, true},
    {Activation::silu, 0, false}};

void pad(ConvParams& p, Padding padding) {
  const int h = (p.kh - 1) * p.dh, w = (p.kw - 1) * p.dw;
  switch (padding) {
    case kNone: return;
    case kSame:
      p.pad_top = h / 2, p.pad_bottom = h - h / 2, p.pad_left = w / 2, p.pad_right = w - w / 2;
      return;
    case kUneven: p.pad_top = 1, p.pad_left = 0, p.pad_bottom = 2, p.pad_right = 3; return;
    case kWide: p.pad_top = h + 1, p.pad_left = w + 2, p.pad_bottom = h + 3, p.pad_right = w + 1; return;
    case kBehind: p.pad_bottom = 1, p.pad_right = 2; return;
  }
}

Case make_case(const std::vector<int>& levels) {
  const auto level = [&](size_t factor) { return static_cast<size_t>(levels[factor]); };
  Case c;
  ConvParams& p = c.params;
  p.kh = kKernels[level(0)].h, p.kw = kKernels[level(0)].w;
  p.sh = kStrides[level(1)].h, p.sw = kStrides[level(1)].w;
  p.dh = kDilations[level(2)].h, p.dw = kDilations[level(2)].w;
  p.groups = kGroups[level(3)];
  p.ic = p.groups * kInputs[level(4)];
  p.oc = p.groups * kOutputs[level(5)];
  pad(p, static_cast<Padding>(level(6)));
  const auto size = [](int pads, int kernel, int dilation, int outputs, int stride) {
    return std::max(1, std::min((kernel - 1) * dilation + 1 - pads + outputs * stride, 33));
  };
  c.src = {kBatches[level(8)], size(p.pad_top + p.pad_bottom, p.kh, p.dh, kSizes[level(7)].h, p.sh),
           size(p.pad_left + p.pad_right, p.kw, p.dw, kSizes[level(7)].w, p.sw), p.ic};
  c.epilogue = kEpilogues[level(9)];
  c.with_residual = levels[10] != 0;
  c.with_bias = levels[11] != 0;
  return c;
}

TEST(Conv, EveryTwoLevelsOfEveryTwoFactors) {
  const int levels[] = {std::ssize(kKernels),
                        std::ssize(kStrides),
                        std::ssize(kDilations),
                        std::ssize(kGroups),
                        std::ssize(kInputs),
                        std::ssize(kOutputs),
                        kPaddings,
                        std::ssize(kSizes),
                        std::ssize(kBatches),
                        std::ssize(kEpilogues),
                        2,
                        2};
  with_workers(kWorkers, [&] {
    size_t index = 0;
    for (const std::vector<int>& combination : test::pairwise(levels, 1)) {
      ASSERT_NO_FATAL_FAILURE(check(make_case(combination), index++, 3));
    }
  });
}

TEST(Conv, EveryArrangementOfTheShapesOfNetworks) {
  const Case cases[] = {
      {.params = {.ic = 3, .oc = 32, .kh = 3, .kw = 3}, .src = {2, 17, 20, 3}},
      {.params = {.ic = 3, .oc = 37, .kh = 3, .kw = 3},
       .src = {2, 7, 47, 3},
       .epilogue = {Activation::leaky_relu, 0.1f}},
      {.params = {.ic = 4,
                  .oc = 70,
                  .kh = 5,
                  .kw = 7,
                  .sh = 2,
                  .sw = 2,
                  .pad_top = 2,
                  .pad_left = 3,
                  .pad_bottom = 2,
                  .pad_right = 3},
       .src = {1, 9, 74, 4},
       .epilogue = {Activation::silu}},
      {.params = {.ic = 64, .oc = 3, .kh = 3, .kw = 3}, .src = {1, 9, 33, 64}, .with_residual = true},
      {.params = {.ic = 16, .oc = 64, .kh = 2, .kw = 2, .sh = 2, .sw = 2}, .src = {1, 12, 30, 16}},
      {.params = {.ic = 3,
                  .oc = 8,
                  .kh = 7,
                  .kw = 7,
                  .sh = 2,
                  .sw = 2,
                  .pad_top = 3,
                  .pad_left = 3,
                  .pad_bottom = 3,
                  .pad_right = 3},
       .src = {1, 15, 33, 3}},
      {.params = {.ic = 9, .oc = 40}, .src = {2, 7, 15, 9}, .with_residual = true},
      {.params = {.ic = 9, .oc = 17, .sh = 2, .sw = 2}, .src = {1, 7, 31, 9}},
      {.params = {.ic = 19,
                  .oc = 19,
                  .kh = 3,
                  .kw = 3,
                  .pad_top = 1,
                  .pad_left = 1,
                  .pad_bottom = 1,
                  .pad_right = 1,
                  .groups = 19},
       .src = {1, 6, 16, 19}}};
  with_workers(kWorkers, [&] {
    for (const Case& c : cases) ASSERT_NO_FATAL_FAILURE(check(c, 0, 1));
  });
}

TEST(Conv, DepthwiseOfEveryChannelCount) {
  with_workers(kWorkers, [] {
    for (int channels = 1; channels <= 33; ++channels) {
      Case c;
      c.params = {.ic = channels, .oc = 2 * channels, .kh = 3, .kw = 3, .groups = channels};
      pad(c.params, kSame);
      c.src = {1, 3, 5, channels};
      ASSERT_NO_FATAL_FAILURE(check(c, static_cast<size_t>(channels), 29));
    }
  });
}

// Two blocks of rows and of columns for every variant, and rows left over.
TEST(Conv, MapsOfManyBlocksOnEveryNumberOfThreads) {
  Case c;
  c.params = {.ic = 5, .oc = 7, .kh = 3, .kw = 3};
  pad(c.params, kSame);
  c.src = {2, 19, 16 * 14 + 3, 5};
  const std::vector<float> src = test::random_floats(c.src, 1),
                           weights = test::random_floats({7, 5, 3, 3}, 2);
  const Shape dst_shape{2, c.src.h, c.src.w, 7};
  const Expected want = test::expect_conv(Expected(c.src, src), c.params, weights, {});
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const TapConv conv = make_conv(variant, c.params, weights.data(), nullptr);
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 7, 16}) {
      std::vector<float> got(dst_shape.size(), NAN), scratch(conv.scratch_floats(threads));
      conv.run(dense_view(src.data(), 2, c.src.h, c.src.w, 5), dense_view(got.data(), 2, c.src.h, c.src.w, 7),
               {}, {}, dst_shape.whole(), threads, scratch.data());
      if (first.empty()) first = got;
      ASSERT_EQ(got, first) << variant.name << " threads " << threads;
    }
    ASSERT_TRUE(test::matches(want, first)) << variant.name;
  }
}

// Panels larger than an eighth of a second-level cache of 2 MiB, for 8 columns too: cut in depth. Taps read
// in place and gathered, and one tap.
TEST(Conv, PanelsThatAreCutInDepth) {
  with_workers(kWorkers, [] {
    Case square;
    square.params = {.ic = 920, .oc = 33, .kh = 3, .kw = 3};
    pad(square.params, kSame);
    square.src = {1, 3, 33, 920};
    square.epilogue = {Activation::relu, 0, true};
    square.with_residual = true;
    ASSERT_NO_FATAL_FAILURE(check(square, 0, 5));
    Case point;
    point.params = {.ic = 8200, .oc = 17};
    point.src = {2, 3, 5, 8200};
    ASSERT_NO_FATAL_FAILURE(check(point, 0, 1));
  });
}

// One row or one column more than the map on one side alone: pixels of src and dst no longer lie in step.
TEST(Conv, PointwiseWithPaddingOnOneSide) {
  with_workers(kWorkers, [] {
    for (const Kernel behind : {Kernel{1, 0}, Kernel{0, 1}, Kernel{2, 3}}) {
      Case c;
      c.params = {.ic = 3, .oc = 5, .pad_bottom = behind.h, .pad_right = behind.w};
      c.src = {2, 3, 4, 3};
      ASSERT_NO_FATAL_FAILURE(check(c, 0, 1));
    }
  });
}

TEST(Conv, AnEmptyRegionIsLeftAlone) {
  const ConvParams params{.ic = 2, .oc = 2, .kh = 3, .kw = 3};
  const std::vector<float> weights(36, 1.0f), src(50, 1.0f);
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const TapConv conv = make_conv(variant, params, weights.data(), nullptr);
    std::vector<float> dst(18, -1.0f), scratch(conv.scratch_floats(2));
    for (const Rect empty : {Rect{1, 1, 1, 3}, Rect{0, 2, 3, 2}}) {
      conv.run(dense_view(src.data(), 1, 5, 5, 2), dense_view(dst.data(), 1, 3, 3, 2), {}, {}, empty, 2,
               scratch.data());
    }
    EXPECT_EQ(dst, std::vector<float>(18, -1.0f)) << variant.name;
  }
}

TEST(Conv, RefusesMoreTapsThanItHasRoomFor) {
  const ConvParams params{.ic = 1, .oc = 1, .kh = 33, .kw = 33};
  const std::vector<float> weights(33 * 33);
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    EXPECT_THROW(make_conv(variant, params, weights.data(), nullptr), InternalError);
  }
}

}  // namespace
}  // namespace ink
