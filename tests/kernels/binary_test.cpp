#include "kernels/binary/binary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;
using test::TestMap;

constexpr float kSlope = 0.1f;

double oracle(BinaryOp op, double a, double b, Activation activation) {
  const double x = op == BinaryOp::add ? a + b : op == BinaryOp::mul ? a * b : std::fmax(a, b);
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return std::fmax(x, 0);
    case Activation::leaky_relu: return x < 0 ? x * kSlope : x;
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
    case Activation::gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::quick_gelu: return x / (1 + std::exp(-1.702 * x));
  }
  return NAN;
}

// One rounding of a op b, times the steepest slope of an activation (silu: 1.1), and the activation's own
// error.
double tolerance(BinaryOp op, double a, double b, double want, Activation activation) {
  const double rounding =
      1.1 * 0x1p-24 * (op == BinaryOp::max ? 0 : std::abs(op == BinaryOp::add ? a + b : a * b));
  const bool exact = activation == Activation::none || activation == Activation::relu;
  return rounding + (exact ? 0 : 6e-7 * std::abs(want) + 2e-7);
}

struct Case {
  Shape a, b;
};

void check(const Case& shapes, BinaryOp op, Activation activation) {
  const std::vector<float> a = test::random_floats(shapes.a, 1), b = test::random_floats(shapes.b, 2);
  for (const BinaryVariant& variant : test::runnable(binary_variants())) {
    SCOPED_TRACE(testing::Message() << variant.name << " " << binary_op_name(op) << " "
                                    << activation_name(activation) << " " << shapes.a.h << "x" << shapes.a.w
                                    << "x" << shapes.a.c);
    const auto run = [&](View<const float> a_view, View<const float> b_view, View<float> dst, Rect region,
                         int threads) {
      binary_run(variant, op, activation, kSlope, a_view, b_view, dst, region, threads);
    };
    const auto dense = [](const std::vector<float>& values, Shape s) {
      return dense_view(values.data(), s.n, s.h, s.w, s.c);
    };
    std::vector<float> got(shapes.a.size());
    run(dense(a, shapes.a), dense(b, shapes.b),
        dense_view(got.data(), shapes.a.n, shapes.a.h, shapes.a.w, shapes.a.c), shapes.a.whole(), 1);
    for (int n = 0; n < shapes.a.n; ++n) {
      for (int y = 0; y < shapes.a.h; ++y) {
        for (int x = 0; x < shapes.a.w; ++x) {
          for (int c = 0; c < shapes.a.c; ++c) {
            const size_t i = shapes.a.index(n, y, x, c);
            const double other =
                b[shapes.b.index(n % shapes.b.n, y % shapes.b.h, x % shapes.b.w, c % shapes.b.c)];
            const double want = oracle(op, a[i], other, activation);
            ASSERT_NEAR(got[i], want, tolerance(op, a[i], other, want, activation));
          }
        }
      }
    }
    test::expect_same_bits_everywhere(
        shapes.a, a, shapes.a, got, [](Rect region) { return region; },
        [&](const Arrangement& how, View<const float> src, View<float> dst) {
          const bool b_is_map = shapes.b.h == shapes.a.h && shapes.b.w == shapes.a.w;
          const Rect needed = b_is_map ? how.region : shapes.b.whole();
          TestMap<float> other(shapes.b, how.only_part ? needed : shapes.b.whole(), how.src, how.side);
          other.fill(b, needed);
          run(src, other.view(), dst, how.region, how.threads);
          ASSERT_TRUE(other.equals(b, needed) && other.untouched_outside(needed));
        });
  }
}

TEST(Binary, EveryVariantMatchesTheOracleInEveryArrangement) {
  const Case cases[] = {
      {{1, 1, 1, 1}, {1, 1, 1, 1}},     {{1, 3, 5, 3}, {1, 3, 5, 3}},     {{2, 4, 7, 17}, {2, 4, 7, 17}},
      {{2, 3, 4, 5}, {1, 3, 4, 5}},     {{1, 3, 5, 64}, {1, 1, 1, 64}},   {{2, 3, 5, 33}, {2, 1, 1, 33}},
      {{2, 3, 5, 15}, {1, 1, 1, 15}},   {{2, 3, 5, 31}, {2, 3, 5, 1}},    {{2, 4, 3, 4}, {1, 4, 3, 1}},
      {{2, 2, 2, 9}, {2, 1, 1, 1}},     {{1, 5, 4, 8}, {1, 1, 1, 1}},     {{1, 37, 61, 16}, {1, 37, 61, 16}},
      {{1, 37, 61, 16}, {1, 1, 1, 16}}, {{1, 37, 61, 16}, {1, 37, 61, 1}}};
  for (const Case& shapes : cases) {
    check(shapes, BinaryOp::add, Activation::none);
    check(shapes, BinaryOp::mul, Activation::none);
    check(shapes, BinaryOp::max, Activation::none);
  }
}

TEST(Binary, EveryActivationEndsBothOperations) {
  for (const Activation activation :
       {Activation::relu, Activation::leaky_relu, Activation::sigmoid, Activation::tanh, Activation::silu}) {
    for (const BinaryOp op : {BinaryOp::add, BinaryOp::mul, BinaryOp::max}) {
      check({{1, 2, 3, 37}, {1, 2, 3, 37}}, op, activation);
      check({{1, 2, 3, 37}, {1, 1, 1, 37}}, op, activation);
      check({{1, 2, 3, 37}, {1, 2, 3, 1}}, op, activation);
    }
  }
}

TEST(Binary, AMaximumKeepsNanAndInfinity) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kPairs[][2] = {{kNan, 1}, {1, kNan}, {kNan, kNan}, {-INFINITY, 2}, {INFINITY, 2}, {-3, -4}};
  for (const BinaryVariant& variant : test::runnable(binary_variants())) {
    for (const auto& [x, y] : kPairs) {
      const std::vector<float> a(37, x), b(37, y);
      std::vector<float> dst(37);
      variant.row(
          {a.data(), b.data(), dst.data(), 1, 37, 37, 37, 37, false, BinaryOp::max, Activation::none, 0});
      for (const float value : dst) {
        EXPECT_EQ(std::isnan(value), std::isnan(x) || std::isnan(y)) << variant.name;
        EXPECT_TRUE(std::isnan(value) || value == std::fmax(x, y)) << variant.name << " " << value;
      }
    }
  }
}

TEST(Binary, EveryTailOfAChannelCount) {
  for (int c = 1; c <= 67; ++c) {
    check({{1, 1, 2, c}, {1, 1, 1, c}}, BinaryOp::mul, Activation::none);
    check({{1, 1, 1, c}, {1, 1, 1, 1}}, BinaryOp::add, Activation::none);
  }
}

TEST(Binary, TheResultMayReplaceAnOperand) {
  const Shape shape{1, 5, 6, 19};
  const std::vector<float> a = test::random_floats(shape, 1), b = test::random_floats(shape, 2);
  const auto view = [&](auto& values) { return dense_view(values.data(), 1, shape.h, shape.w, shape.c); };
  for (const BinaryVariant& variant : test::runnable(binary_variants())) {
    std::vector<float> want(shape.size()), in_a = a, in_b = b;
    const auto run = [&](const std::vector<float>& x, const std::vector<float>& y, std::vector<float>& dst) {
      binary_run(variant, BinaryOp::mul, Activation::silu, 0, view(x), view(y), view(dst), shape.whole(), 2);
    };
    run(a, b, want);
    run(in_a, b, in_a);
    run(a, in_b, in_b);
    EXPECT_EQ(in_a, want) << variant.name;
    EXPECT_EQ(in_b, want) << variant.name;
  }
}

TEST(Binary, RefusesShapesThatDoNotBroadcast) {
  const std::vector<float> memory(64);
  std::vector<float> out(64);
  const BinaryVariant& variant = choose_binary(active_isa());
  const auto run = [&](Shape b) {
    binary_run(variant, BinaryOp::add, Activation::none, 0, dense_view(memory.data(), 2, 2, 2, 4),
               dense_view(memory.data(), b.n, b.h, b.w, b.c), dense_view(out.data(), 2, 2, 2, 4),
               {0, 0, 2, 2}, 1);
  };
  for (const Shape& bad : {Shape{3, 2, 2, 4}, Shape{1, 2, 1, 4}, Shape{1, 1, 2, 4}, Shape{1, 2, 2, 2}}) {
    EXPECT_THROW(run(bad), InternalError);
  }
}

}  // namespace
}  // namespace ink
