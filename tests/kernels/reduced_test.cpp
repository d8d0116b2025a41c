#include "kernels/reduced/reduced.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/base/parallel.h"
#include "tests/harness/oracles.h"
#include "tests/harness/window_op.h"

namespace ink {
namespace {

using test::Expected;
using test::Shape;

struct Case {
  ConvParams params;
  Shape src{1, 1, 1, 1};
  Epilogue epilogue = {};
  bool with_residual = false;
};

constexpr Case kCases[] = {
    // Rows of a matrix: fewer and more than a tile has, a depth that fills no group and one that is cut.
    {.params = {.ic = 1, .oc = 1}, .src = {1, 1, 1, 1}},
    {.params = {.ic = 7, .oc = 33},
     .src = {1, 1, 17, 7},
     .epilogue = {Activation::relu, 0, true},
     .with_residual = true},
    {.params = {.ic = 65, .oc = 31}, .src = {2, 3, 11, 65}, .with_residual = true},
    {.params = {.ic = 1100, .oc = 40}, .src = {1, 1, 33, 1100}},
    {.params = {.ic = 2111, .oc = 9},
     .src = {1, 1, 3, 2111},
     .epilogue = {Activation::leaky_relu, 0.1f, false}},
    // Windows: padding on every side, steps, gaps in the kernel, kernels larger than the map.
    {.params =
         {.ic = 16, .oc = 17, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1},
     .src = {2, 6, 7, 16},
     .epilogue = {Activation::relu, 0, true},
     .with_residual = true},
    {.params = {.ic = 5,
                .oc = 64,
                .kh = 7,
                .kw = 7,
                .sh = 2,
                .sw = 2,
                .pad_top = 3,
                .pad_left = 3,
                .pad_bottom = 3,
                .pad_right = 3},
     .src = {1, 9, 13, 5}},
    {.params = {.ic = 33,
                .oc = 8,
                .kh = 2,
                .kw = 3,
                .sh = 3,
                .sw = 1,
                .dh = 2,
                .dw = 2,
                .pad_left = 4,
                .pad_bottom = 2,
                .pad_right = 1},
     .src = {1, 8, 9, 33}},
    {.params = {.ic = 9, .oc = 24, .sh = 2, .sw = 2},
     .src = {1, 5, 9, 9},
     .epilogue = {Activation::silu, 0, false}},
};

float to_bf16(float x) {
  // The distance of neighbours is 2^-7 of the power of two below; nearbyint() takes the even one of two.
  if (x == 0) return x;
  const int exponent = std::ilogb(x) - 7;
  return static_cast<float>(
      std::ldexp(std::nearbyint(std::ldexp(static_cast<double>(x), -exponent)), exponent));
}

std::vector<float> to_bf16(std::vector<float> values) {
  for (float& value : values) value = to_bf16(value);
  return values;
}

struct Integers {
  std::vector<int> values;
  float unit = 0;
};

Integers to_integers(const std::vector<float>& row) {
  Integers result;
  float largest = 0;
  for (const float x : row) largest = std::max(largest, std::fabs(x));
  const float factor = largest == 0 ? 0.0f : 127.0f / largest;
  for (const float x : row) result.values.push_back(static_cast<int>(std::lrint(x * factor)));
  result.unit = largest / 127.0f;
  return result;
}

// The int8 arithmetic from its definition, an output at a time; exact before an activation that is no piece
// of two lines.
std::vector<float> integer_conv(const Case& c, const std::vector<float>& src,
                                const std::vector<float>& weights, const std::vector<float>& bias,
                                const std::vector<float>& residual, Shape dst) {
  const ConvParams& p = c.params;
  std::vector<Integers> columns;
  const auto k = static_cast<size_t>(p.ic * p.kh * p.kw);
  for (size_t j = 0; j < static_cast<size_t>(p.oc); ++j) {
    columns.push_back(to_integers({weights.begin() + static_cast<int64_t>(j * k),
                                   weights.begin() + static_cast<int64_t>((j + 1) * k)}));
  }
  std::vector<float> result;
  for (int image = 0; image < dst.n; ++image) {
    for (int y = 0; y < dst.h; ++y) {
      for (int x = 0; x < dst.w; ++x) {
        std::vector<float> window;  // in the order of the weights
        for (int i = 0; i < p.ic; ++i) {
          for (int r = 0; r < p.kh; ++r) {
            for (int s = 0; s < p.kw; ++s) {
              const int iy = y * p.sh - p.pad_top + r * p.dh, ix = x * p.sw - p.pad_left + s * p.dw;
              const bool inside = iy >= 0 && iy < c.src.h && ix >= 0 && ix < c.src.w;
              window.push_back(inside ? src[c.src.index(image, iy, ix, i)] : 0.0f);
            }
          }
        }
        const Integers row = to_integers(window);
        for (size_t j = 0; j < static_cast<size_t>(p.oc); ++j) {
          int sum = 0;
          for (size_t i = 0; i < k; ++i) sum += row.values[i] * columns[j].values[i];
          const float unit = row.unit * columns[j].unit;
          float value = static_cast<float>(sum) * unit;
          value += bias[j];
          const float added = residual.empty() ? 0.0f : residual[result.size()];
          if (c.epilogue.residual_first) value += added;
          value = activate(value, c.epilogue.activation, c.epilogue.slope);
          if (!c.epilogue.residual_first) value += added;
          result.push_back(value);
        }
      }
    }
  }
  return result;
}

template <class Check>
void each_runnable(std::span<const ReducedVariant> variants, Check check) {
  for (const ReducedVariant& variant : test::runnable(variants)) {
    if (variant.isa == Isa::amx && !allow_tiles()) continue;
    SCOPED_TRACE(variant.name);
    check(variant);
  }
}

struct Data {
  std::vector<float> src, weights, bias, residual;
  Expected sums;  // in double, without rounding

  explicit Data(const Case& c)
      : src(test::random_floats(c.src, 1)),
        weights(test::random_floats({c.params.oc, c.params.ic, c.params.kh, c.params.kw}, 2)),
        bias(test::random_floats({1, 1, 1, c.params.oc}, 3)),
        sums(test::expect_conv(Expected(c.src, src), c.params, weights, bias)) {
    if (c.with_residual) residual = test::random_floats(sums.shape, 4);
  }
};

void check_everywhere(const Case& c, const Data& data, const ReducedVariant& variant, const Expected& want) {
  test::WindowOp op;
  op.src_shape = c.src, op.src = data.src;
  op.dst_shape = want.shape, op.residual = data.residual;
  op.source = [&](Rect region) { return test::conv_source(c.params, c.src, region); };
  const ReducedConv conv(variant, c.params, data.weights.data(), data.bias.data());
  op.scratch_floats = [&](int threads) { return conv.scratch_floats(threads); };
  op.run = [&](View<const float> src, View<float> dst, View<const float> added, Rect region, int threads,
               float* scratch) { conv.run(src, dst, added, c.epilogue, region, threads, scratch); };
  test::expect_everywhere(op, want, 0, 3);
}

TEST(Reduced, Bf16IsTheProductOfRoundedNumbersInEveryArrangement) {
  with_workers(4, [] {
    for (const Case& c : kCases) {
      SCOPED_TRACE(c.params.ic);
      const Data data(c);
      const Expected sums =
          test::expect_conv(Expected(c.src, to_bf16(data.src)), c.params, to_bf16(data.weights), data.bias);
      const Expected residual(sums.shape,
                              c.with_residual ? data.residual : std::vector<float>(sums.shape.size()));
      const Expected want = test::expect_epilogue(sums, c.epilogue, c.with_residual ? &residual : nullptr);
      each_runnable(bf16_variants(), [&](const ReducedVariant& variant) {
        ASSERT_NO_FATAL_FAILURE(check_everywhere(c, data, variant, want));
      });
    }
  });
}

TEST(Reduced, Int8HasTheSameBitsOnEveryInstructionSetAndInEveryArrangement) {
  with_workers(4, [] {
    for (const Case& c : kCases) {
      SCOPED_TRACE(c.params.ic);
      const Data data(c);
      Expected want(data.sums.shape,
                    integer_conv(c, data.src, data.weights, data.bias, data.residual, data.sums.shape));
      // Only where the activation is an approximation.
      if (c.epilogue.activation == Activation::silu) {
        for (size_t i = 0; i < want.values.size(); ++i)
          want.bounds[i] = 1e-6 * std::max(1.0, std::fabs(want.values[i]));
      }
      each_runnable(int8_variants(), [&](const ReducedVariant& variant) {
        ASSERT_NO_FATAL_FAILURE(check_everywhere(c, data, variant, want));
      });
    }
  });
}

// Many blocks and pieces: bits do not depend on how they are shared out.
TEST(Reduced, ManyBlocksOnEveryNumberOfThreads) {
  const ConvParams params{
      .ic = 48, .oc = 70, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  const Shape shape{2, 31, 45, 48}, dst_shape{2, 31, 45, 70};
  const std::vector<float> src = test::random_floats(shape, 1),
                           weights = test::random_floats({70, 48, 3, 3}, 2);
  for (const auto variants : {bf16_variants(), int8_variants()}) {
    each_runnable(variants, [&](const ReducedVariant& variant) {
      const ReducedConv conv(variant, params, weights.data(), nullptr);
      std::vector<float> first;
      for (const int threads : {1, 2, 3, 16}) {
        std::vector<float> got(dst_shape.size(), NAN);
        AlignedBuffer<float> scratch(conv.scratch_floats(threads));
        conv.run(dense_view(src.data(), 2, 31, 45, 48), dense_view(got.data(), 2, 31, 45, 70), {}, {},
                 dst_shape.whole(), threads, scratch.data());
        if (first.empty()) first = got;
        ASSERT_EQ(got, first) << threads;
      }
    });
  }
}

std::vector<std::byte> convert(const ReducedVariant& variant, const std::vector<float>& values, float& unit) {
  const auto groups = static_cast<int64_t>(values.size());
  std::vector<std::byte> row(values.size() * 4 + 64);
  const ReducedPiece piece{values.data(), groups};
  unit = variant.row({&piece, 1, row.data(), groups});
  return row;
}

TEST(Reduced, Bf16RoundsToTheNearestAndTiesToEven) {
  // In bits: halfway down to even, halfway up to even, just above, into the next power, into infinity.
  std::vector<float> values;
  for (const uint32_t bits : {0x3f808000u, 0x3f818000u, 0x3f808001u, 0x3f80ffffu, 0x3fffffffu, 0xbf808000u,
                              0x7f7fffffu, 0x7f800000u, 0x00800000u, 0x80000000u}) {
    std::memcpy(&values.emplace_back(), &bits, sizeof(bits));
  }
  const uint32_t want[] = {0x3f80, 0x3f82, 0x3f81, 0x3f81, 0x4000, 0xbf80, 0x7f80, 0x7f80, 0x0080, 0x8000};
  each_runnable(bf16_variants(), [&](const ReducedVariant& variant) {
    float unit = 0;
    const std::vector<std::byte> row = convert(variant, values, unit);
    EXPECT_EQ(unit, 1.0f);
    const size_t bytes = variant.elements == 2 ? 2 : 4;
    for (size_t i = 0; i < values.size(); ++i) {
      uint32_t bits = 0;
      std::memcpy(&bits, row.data() + i * bytes, bytes);
      EXPECT_EQ(variant.elements == 2 ? bits : bits >> 16, want[i]) << i;
    }
  });
}

TEST(Reduced, WhatIsNotFiniteSpoilsItsOwnOutputsAlone) {
  const ConvParams params{.ic = 20, .oc = 3};
  const std::vector<float> weights = test::random_floats({3, 20, 1, 1}, 2);
  for (const auto variants : {bf16_variants(), int8_variants()}) {
    each_runnable(variants, [&](const ReducedVariant& variant) {
      std::vector<float> src = test::random_floats({1, 1, 4, 20}, 1), dst(12);
      src[5] = NAN;
      src[3 * 20 + 19] = std::numeric_limits<float>::infinity();
      std::fill_n(src.begin() + 2 * 20, 20, 1e-35f);
      const ReducedConv conv(variant, params, weights.data(), nullptr);
      AlignedBuffer<float> scratch(conv.scratch_floats(1));
      conv.run(dense_view(src.data(), 1, 1, 4, 20), dense_view(dst.data(), 1, 1, 4, 3), {}, {}, {0, 0, 1, 4},
               1, scratch.data());
      for (size_t j = 0; j < 3; ++j) {
        EXPECT_TRUE(std::isnan(dst[j]));
        EXPECT_TRUE(std::isfinite(dst[3 + j]));
        EXPECT_NEAR(dst[6 + j], 0.0f, 1e-33f);
        EXPECT_FALSE(std::isfinite(dst[9 + j]));
      }
    });
  }
}

}  // namespace
}  // namespace ink
