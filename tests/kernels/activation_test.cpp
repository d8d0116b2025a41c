#include "kernels/activation/activation.h"

#include <gtest/gtest.h>

#include <cmath>

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
  }
  return NAN;
}

constexpr Activation kActivations[] = {Activation::none,    Activation::relu, Activation::leaky_relu,
                                       Activation::sigmoid, Activation::tanh, Activation::silu};

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
