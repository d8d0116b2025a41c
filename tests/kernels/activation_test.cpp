#include "kernels/activation/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/harness/guarded.h"

namespace ink {
namespace {

using test::GuardedFloats;

double oracle(double x, Activation activation, double slope) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::leaky_relu: return x < 0 ? x * slope : x;
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
    case Activation::gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::quick_gelu: return x / (1 + std::exp(-1.702 * x));
  }
  return NAN;
}

constexpr Activation kActivations[] = {Activation::none,    Activation::relu,      Activation::leaky_relu,
                                       Activation::sigmoid, Activation::tanh,      Activation::silu,
                                       Activation::gelu,    Activation::quick_gelu};

TEST(Activation, EveryVariantMatchesTheOracleOnEveryTail) {
  for (const ActivationVariant& variant : activation_variants()) {
    if (variant.isa > supported_isas().back()) continue;
    for (const Activation activation : kActivations) {
      for (int64_t count = 0; count <= 67; ++count) {
        for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
          GuardedFloats src(static_cast<size_t>(count), side), dst(static_cast<size_t>(count), side);
          test::fill_random(src.span(), static_cast<uint64_t>(count));
          for (size_t i = 0; i < src.size(); ++i) src[i] *= (i % 3 == 0) ? 100.0f : 4.0f;
          variant.row({src.data(), dst.data(), count, activation, 0.1f});
          for (size_t i = 0; i < src.size(); ++i) {
            const double want = oracle(src[i], activation, 0.1f);
            ASSERT_NEAR(dst[i], want, 6e-7 * std::abs(want) + 2e-7)
                << variant.name << " " << activation_name(activation) << " x " << src[i];
          }
          ASSERT_TRUE(src.intact() && dst.intact()) << variant.name << " count " << count;
        }
      }
    }
  }
}

// What kernels/simd/math.h promises, in units of the last place of the result, over sweeps that meet every
// binade.
TEST(Activation, ErrorsAreAsStated) {
  struct Bound {
    Activation activation;
    double low, high, relative, of_square;  // relative error below relative + of_square * x^2
  };
  constexpr double kUlp = 0x1p-23;
  constexpr Bound kBounds[] = {{Activation::sigmoid, -85, 30, 3 * kUlp, 0},
                               {Activation::silu, -85, 60, 3 * kUlp, 0},
                               {Activation::gelu, -12.5, 60, 5e-7, 4e-8},
                               {Activation::quick_gelu, -50, 60, 12 * kUlp, 3e-9},
                               {Activation::tanh, -20, 20, 6e-7, 0}};
  constexpr int kPoints = 200'000;
  std::vector<float> src(kPoints), dst(kPoints);
  for (const ActivationVariant& variant : activation_variants()) {
    if (variant.isa > supported_isas().back() || variant.isa == Isa::reference) continue;
    for (const Bound& bound : kBounds) {
      for (const bool near_zero : {false, true}) {
        for (int i = 0; i < kPoints; ++i) {
          const double share = (i + 0.5) / kPoints;
          const double x = near_zero ? std::exp(-40 * share) * (i % 2 == 0 ? 1 : -1)
                                     : bound.low + (bound.high - bound.low) * share;
          src[static_cast<size_t>(i)] = static_cast<float>(x);
        }
        variant.row({src.data(), dst.data(), kPoints, bound.activation, 0});
        double worst = 0, at = 0;
        for (size_t i = 0; i < src.size(); ++i) {
          const double x = src[i], want = oracle(x, bound.activation, 0);
          const double share =
              std::abs(dst[i] - want) / (std::abs(want) * (bound.relative + bound.of_square * x * x));
          if (share > worst) worst = share, at = x;
        }
        EXPECT_LE(worst, 1) << variant.name << " " << activation_name(bound.activation) << " at " << at;
      }
    }
  }
}

TEST(Activation, NanStaysNan) {
  for (const ActivationVariant& variant : activation_variants()) {
    if (variant.isa > supported_isas().back()) continue;
    for (const Activation activation : kActivations) {
      float values[19];
      std::fill(std::begin(values), std::end(values), NAN);
      variant.row({values, values, 19, activation, 0.1f});
      for (const float value : values) {
        EXPECT_TRUE(std::isnan(value)) << variant.name << " " << activation_name(activation);
      }
    }
  }
}

}  // namespace
}  // namespace ink
