#include "kernels/deconv/deconv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

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
  DeconvParams params;
  Shape src{1, 1, 1, 1};
  Epilogue epilogue = {};
  bool with_bias = true, with_residual = false;
};

std::string describe(const Case& c) {
  const DeconvParams& p = c.params;
  std::ostringstream text;
  text << c.src.n << "x" << c.src.h << "x" << c.src.w << "x" << c.src.c << " to " << p.oc << ", kernel "
       << p.kh << "x" << p.kw << " stride " << p.sh << "x" << p.sw << " padding " << p.pad_top << " "
       << p.pad_left << " " << p.pad_bottom << " " << p.pad_right << " groups " << p.groups << " "
       << activation_name(c.epilogue.activation) << (c.with_residual ? " residual" : "")
       << (c.epilogue.residual_first ? " first" : "") << (c.with_bias ? "" : " no bias");
  return text.str();
}

// The inputs of an axis that reach an output in [begin, end).
test::Span1d source(int kernel, int stride, int before, int size, int begin, int end) {
  test::Span1d span{size, 0};
  for (int i = 0; i < size; ++i) {
    for (int position = 0; position < kernel; ++position) {
      const int output = i * stride - before + position;
      if (output < begin || output >= end) continue;
      span = {std::min(span.begin, i), std::max(span.end, i + 1)};
    }
  }
  return span.end == 0 ? test::Span1d{0, 0} : span;
}

Rect source(const DeconvParams& p, Shape src, Rect region) {
  const test::Span1d rows = source(p.kh, p.sh, p.pad_top, src.h, region.y0, region.y1);
  const test::Span1d columns = source(p.kw, p.sw, p.pad_left, src.w, region.x0, region.x1);
  if (rows.end == 0 || columns.end == 0) return {};
  return {rows.begin, columns.begin, rows.end, columns.end};
}

// The largest number of threads in an arrangement: workers that stand by make thousands of short runs cheap.
constexpr int kWorkers = 4;

// Every arrangement where step is 1, or every step-th, other ones for each `index`.
void check(const Case& c, size_t index, size_t step) {
  SCOPED_TRACE(describe(c));
  const DeconvParams& p = c.params;
  const std::vector<float> weights = test::random_floats({p.ic, p.oc / p.groups, p.kh, p.kw}, 2);
  const std::vector<float> bias = test::random_floats({1, 1, 1, c.with_bias ? p.oc : 0}, 3);
  test::WindowOp op;
  op.src_shape = c.src;
  op.src = test::random_floats(c.src, 1);
  const Expected sums = test::expect_deconv(Expected(c.src, op.src), p, weights, bias);
  op.dst_shape = sums.shape;
  if (c.with_residual) op.residual = test::random_floats(op.dst_shape, 4);
  const Expected residual(op.dst_shape,
                          c.with_residual ? op.residual : std::vector<float>(op.dst_shape.size()));
  const Expected want = test::expect_epilogue(sums, c.epilogue, c.with_residual ? &residual : nullptr);
  op.source = [&](Rect region) { return source(p, c.src, region); };
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    SCOPED_TRACE(variant.name);
    const auto run_everywhere = [&](const auto& deconv) {
      op.scratch_floats = [&](int threads) { return deconv.scratch_floats(threads); };
      op.run = [&](View<const float> src, View<float> dst, View<const float> added, Rect region, int threads,
                   float* scratch) { deconv.run(src, dst, added, c.epilogue, region, threads, scratch); };
      ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
    };
    const float* bias_data = c.with_bias ? bias.data() : nullptr;
    ASSERT_NO_FATAL_FAILURE(run_everywhere(Deconv(variant, p, weights.data(), bias_data)));
    if (NarrowConv::declines(p) != nullptr) continue;
    SCOPED_TRACE("narrow");
    const NarrowVariant& narrow = choose_narrow(variant.isa);
    ASSERT_NO_FATAL_FAILURE(run_everywhere(NarrowConv(narrow, p, weights.data(), bias_data)));
  }
}

// A kernel with the stride and padding that networks use it with, and kernels that leave outputs without
// inputs.
struct Window {
  int kernel, stride, pad;
};
constexpr Window kWindows[] = {{2, 2, 0}, {4, 2, 3}, {5, 3, 2}, {3, 1, 0}, {3, 2, 1}, {1, 2, 0},
                               {2, 3, 0}, {1, 1, 0}, {3, 1, 1}, {4, 2, 1}, {1, 3, 0}, {6, 2, 2}};
constexpr int kInputs[] = {1, 2, 3, 5, 8, 17};                          // channels a group
constexpr int kOutputs[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33};  // channels a group
struct Size {
  int h, w;
};
constexpr Size kSizes[] = {{3, 3}, {4, 7}, {5, 13}, {3, 16}, {9, 4}, {4, 29}};
constexpr Epilogue kEpilogues[] = {
    {Activation::none, 0, false},          {Activation::relu, 0, true},
    {Activation::leaky_relu, 0.1f, false}, {Activation::leaky_relu, 0.1f, true},
    {Activation::sigmoid, 0, false},       {Activation::silu, 0, true}};

Case make_case(const std::vector<int>& levels) {
  const auto level = [&](size_t factor) { return static_cast<size_t>(levels[factor]); };
  Case c;
  DeconvParams& p = c.params;
  const Window rows = kWindows[level(0)], columns = kWindows[level(1)];
  p.kh = rows.kernel, p.sh = rows.stride, p.pad_top = p.pad_bottom = rows.pad;
  p.kw = columns.kernel, p.sw = columns.stride, p.pad_left = p.pad_right = columns.pad;
  // An output padding of one pixel behind, where there is padding to take it from.
  if (levels[2] != 0) p.pad_bottom -= p.pad_bottom > 0, p.pad_right -= p.pad_right > 0;
  p.groups = 1 + levels[3];
  p.ic = p.groups * kInputs[level(4)];
  p.oc = p.groups * kOutputs[level(5)];
  c.src = {1 + levels[7], kSizes[level(6)].h, kSizes[level(6)].w, p.ic};
  c.epilogue = kEpilogues[level(8)];
  c.with_residual = levels[9] != 0;
  c.with_bias = levels[10] != 0;
  return c;
}

TEST(Deconv, EveryTwoLevelsOfEveryTwoFactors) {
  const int levels[] = {std::ssize(kWindows),
                        std::ssize(kWindows),
                        2,
                        3,
                        std::ssize(kInputs),
                        std::ssize(kOutputs),
                        std::ssize(kSizes),
                        2,
                        std::ssize(kEpilogues),
                        2,
                        2};
  with_workers(kWorkers, [&] {
    size_t index = 0;
    for (const std::vector<int>& combination : test::pairwise(levels, 2)) {
      ASSERT_NO_FATAL_FAILURE(check(make_case(combination), index++, 3));
    }
  });
}

Case square(int kernel, int stride, int pad, Shape src, int oc) {
  Case c;
  c.params = {.ic = src.c,
              .oc = oc,
              .kh = kernel,
              .kw = kernel,
              .sh = stride,
              .sw = stride,
              .pad_top = pad,
              .pad_left = pad,
              .pad_bottom = pad,
              .pad_right = pad};
  c.src = src;
  return c;
}

TEST(Deconv, EveryArrangementOfTheShapesOfNetworks) {
  Case with_residual = square(2, 2, 0, {1, 6, 15, 16}, 33);
  with_residual.with_residual = true;
  with_residual.epilogue = {Activation::leaky_relu, 0.1f, false};
  with_workers(kWorkers, [&] {
    ASSERT_NO_FATAL_FAILURE(check(with_residual, 0, 1));
    ASSERT_NO_FATAL_FAILURE(check(square(4, 2, 3, {2, 9, 10, 16}, 3), 0, 1));
    ASSERT_NO_FATAL_FAILURE(check(square(5, 3, 2, {1, 5, 9, 16}, 3), 0, 1));
  });
}

TEST(Deconv, TheSmallestMaps) {
  with_workers(kWorkers, [] {
    for (const Window window : kWindows) {
      // The smallest map that leaves an output, and one that is a single row.
      const int size = (2 * window.pad - window.kernel + window.stride) / window.stride + 1;
      const int smallest = std::max(1, size);
      ASSERT_NO_FATAL_FAILURE(
          check(square(window.kernel, window.stride, window.pad, {1, smallest, smallest, 3}, 5), 0, 1));
      ASSERT_NO_FATAL_FAILURE(
          check(square(window.kernel, window.stride, window.pad, {1, smallest, 20, 2}, 3), 0, 5));
    }
  });
}

// Where the kernel is smaller than the stride, some outputs have no input at all.
TEST(Deconv, OutputsWithoutInputsAreTheActivatedBias) {
  const Case c = square(1, 2, 0, {1, 3, 4, 3}, 5);
  const std::vector<float> src = test::random_floats(c.src, 1),
                           weights = test::random_floats({3, 5, 1, 1}, 2);
  const std::vector<float> bias = {-2, -1, 0, 1, 2};
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const Deconv deconv(variant, c.params, weights.data(), bias.data());
    const Shape dst_shape{1, 5, 7, 5};
    std::vector<float> dst(dst_shape.size(), NAN), scratch(deconv.scratch_floats(1));
    deconv.run(dense_view(src.data(), 1, 3, 4, 3), dense_view(dst.data(), 1, 5, 7, 5), {},
               {Activation::leaky_relu, 0.5f, false}, dst_shape.whole(), 1, scratch.data());
    const std::vector<float> want = {-1, -0.5f, 0, 1, 2};
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 7; ++x) {
        if (y % 2 == 0 && x % 2 == 0) continue;
        const auto pixel = dst.begin() + static_cast<std::ptrdiff_t>(dst_shape.index(0, y, x, 0));
        EXPECT_TRUE(std::equal(want.begin(), want.end(), pixel)) << variant.name << " y " << y << " x " << x;
      }
    }
  }
}

TEST(Deconv, MapsOfManyBlocksOnEveryNumberOfThreads) {
  const Case c = square(4, 2, 3, {2, 19, 16 * 14 + 3, 5}, 3);
  const std::vector<float> src = test::random_floats(c.src, 1),
                           weights = test::random_floats({5, 3, 4, 4}, 2);
  const Expected want = test::expect_deconv(Expected(c.src, src), c.params, weights, {});
  const Shape shape = want.shape;
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const Deconv deconv(variant, c.params, weights.data(), nullptr);
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 7, 16}) {
      std::vector<float> got(shape.size(), NAN), scratch(deconv.scratch_floats(threads));
      deconv.run(dense_view(src.data(), 2, c.src.h, c.src.w, 5),
                 dense_view(got.data(), 2, shape.h, shape.w, 3), {}, {}, shape.whole(), threads,
                 scratch.data());
      if (first.empty()) first = got;
      ASSERT_EQ(got, first) << variant.name << " threads " << threads;
    }
    ASSERT_TRUE(test::matches(want, first)) << variant.name;
  }
}

}  // namespace
}  // namespace ink
