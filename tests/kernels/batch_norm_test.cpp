#include "kernels/batch_norm/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

constexpr float kSlope = 0.2f;

double oracle(double x, Activation activation) {
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

void check(Shape shape, Activation activation) {
  const Shape channels{1, 1, 1, shape.c};
  const std::vector<float> src = test::random_floats(shape, 1), scale = test::random_floats(channels, 2),
                           shift = test::random_floats(channels, 3);
  for (const BatchNormVariant& variant : test::runnable(batch_norm_variants())) {
    SCOPED_TRACE(testing::Message() << variant.name << " " << activation_name(activation) << " " << shape.h
                                    << "x" << shape.w << "x" << shape.c);
    std::vector<float> got(shape.size());
    const auto run = [&](View<const float> from, View<float> dst, Rect region, int threads) {
      batch_norm_run(variant, scale.data(), shift.data(), activation, kSlope, from, dst, region, threads);
    };
    run(dense_view(src.data(), shape.n, shape.h, shape.w, shape.c),
        dense_view(got.data(), shape.n, shape.h, shape.w, shape.c), shape.whole(), 1);
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t c = i % scale.size();
      const double product = static_cast<double>(src[i]) * scale[c], value = product + shift[c];
      const double want = oracle(value, activation);
      // A rounding each of product and sum (one where they are fused), times the steepest slope of an
      // activation (silu: 1.1), and the activation's own error.
      const double linear = 1.1 * 0x1p-24 * (std::abs(product) + std::abs(value));
      const bool exact = activation == Activation::none || activation == Activation::relu;
      ASSERT_NEAR(got[i], want, linear + (exact ? 0 : 6e-7 * std::abs(want) + 2e-7));
    }
    test::expect_same_bits_everywhere(
        shape, src, shape, got, [](Rect region) { return region; },
        [&](const Arrangement& how, View<const float> from, View<float> dst) {
          run(from, dst, how.region, how.threads);
        });
  }
}

TEST(BatchNorm, EveryVariantMatchesTheOracleInEveryArrangement) {
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{1, 3, 5, 3}, Shape{2, 4, 7, 17}, Shape{1, 2, 37, 3},
                             Shape{2, 2, 16, 8}, Shape{1, 2, 3, 64}, Shape{1, 37, 61, 16}}) {
    check(shape, Activation::none);
    check(shape, Activation::leaky_relu);
  }
  for (const Activation activation :
       {Activation::relu, Activation::sigmoid, Activation::tanh, Activation::silu}) {
    check({1, 2, 3, 37}, activation);
  }
}

TEST(BatchNorm, EveryTailOfAChannelCount) {
  for (int c = 1; c <= 67; ++c) check({1, 1, 2, c}, Activation::none);
}

TEST(BatchNorm, ParametersLieBetweenGuardPages) {
  using test::GuardedFloats;
  for (const BatchNormVariant& variant : test::runnable(batch_norm_variants())) {
    for (int c = 1; c <= 35; ++c) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        const size_t count = static_cast<size_t>(c);
        GuardedFloats scale(count, side), shift(count, side), map(count, side);
        test::fill_random(scale.span(), 1);
        test::fill_random(shift.span(), 2);
        test::fill_random(map.span(), 3);
        const View<float> view = dense_view(map.data(), 1, 1, 1, c);
        const std::vector<float> src(map.span().begin(), map.span().end());
        batch_norm_run(variant, scale.data(), shift.data(), Activation::none, 0, view, view, {0, 0, 1, 1}, 1);
        for (size_t i = 0; i < count; ++i) {
          const double product = static_cast<double>(src[i]) * scale[i], want = product + shift[i];
          ASSERT_NEAR(map[i], want, 0x1p-24 * (std::abs(product) + std::abs(want))) << variant.name;
        }
        ASSERT_TRUE(map.intact() && scale.intact() && shift.intact()) << variant.name;
      }
    }
  }
}

TEST(BatchNorm, PrepareFoldsTheFourVectors) {
  const Shape channels{1, 1, 1, 200};
  std::vector<float> gamma = test::random_floats(channels, 1), beta = test::random_floats(channels, 2),
                     mean = test::random_floats(channels, 3), variance = test::random_floats(channels, 4),
                     x = test::random_floats(channels, 5);
  for (size_t i = 0; i < variance.size(); ++i) {
    variance[i] = std::abs(variance[i]) * (i % 3 == 0 ? 1e-6f : 10.0f);
    mean[i] *= 30;
  }
  constexpr double kEpsilon = 1e-5;
  std::vector<float> scale(200), shift(200);
  batch_norm_prepare(200, gamma.data(), beta.data(), mean.data(), variance.data(), kEpsilon, scale.data(),
                     shift.data());
  for (size_t i = 0; i < scale.size(); ++i) {
    const double factor = gamma[i] / std::sqrt(variance[i] + kEpsilon);
    const double offset = (static_cast<double>(x[i]) - mean[i]) * factor, want = offset + beta[i];
    const double got = static_cast<double>(x[i]) * scale[i] + shift[i];
    // scale is half an ulp off, which counts for x - mean; shift half an ulp of its own.
    EXPECT_NEAR(got, want, 0x1p-24 * 1.001 * (std::abs(offset) + std::abs(shift[i])));
    const double at_mean = static_cast<double>(mean[i]) * scale[i] + shift[i];
    EXPECT_NEAR(at_mean, beta[i], 0x1p-24 * 1.001 * std::abs(shift[i]));
  }
  batch_norm_prepare(200, nullptr, nullptr, mean.data(), variance.data(), kEpsilon, scale.data(),
                     shift.data());
  for (size_t i = 0; i < scale.size(); ++i) {
    EXPECT_EQ(scale[i], static_cast<float>(1 / std::sqrt(variance[i] + kEpsilon)));
    EXPECT_EQ(shift[i], static_cast<float>(-static_cast<double>(mean[i]) * scale[i]));
  }
}

TEST(BatchNorm, TheResultMayReplaceTheSource) {
  const Shape shape{1, 5, 6, 19};
  const std::vector<float> src = test::random_floats(shape, 1), scale = test::random_floats({1, 1, 1, 19}, 2);
  const auto view = [&](auto& values) { return dense_view(values.data(), 1, shape.h, shape.w, shape.c); };
  for (const BatchNormVariant& variant : test::runnable(batch_norm_variants())) {
    std::vector<float> want(shape.size()), in_place = src;
    batch_norm_run(variant, scale.data(), scale.data(), Activation::tanh, 0, view(src), view(want),
                   shape.whole(), 1);
    batch_norm_run(variant, scale.data(), scale.data(), Activation::tanh, 0, view(in_place), view(in_place),
                   shape.whole(), 2);
    EXPECT_EQ(in_place, want) << variant.name;
  }
}

}  // namespace
}  // namespace ink
