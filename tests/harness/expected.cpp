#include "tests/harness/expected.h"

#include <cmath>

namespace ink::test {
namespace {

double activated(double x, Activation activation, double slope) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return std::fmax(x, 0);
    case Activation::leaky_relu: return x < 0 ? x * slope : x;
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1 + std::exp(-x));
    case Activation::gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::quick_gelu: return x / (1 + std::exp(-1.702 * x));
  }
  return NAN;
}

// The largest derivative: those of silu and the gelus stay below 1.13.
double steepest(Activation activation, double slope) {
  if (activation == Activation::silu || activation == Activation::gelu ||
      activation == Activation::quick_gelu)
    return 1.13;
  return activation == Activation::leaky_relu ? std::fmax(1, std::abs(slope)) : 1;
}

// The error of the activation itself: nothing but a rounding, or what kernels/simd/math.h promises.
double own_error(Activation activation, double y) {
  switch (activation) {
    case Activation::none:
    case Activation::relu: return 0;
    case Activation::leaky_relu: return kRounding * std::abs(y);
    default: return 6e-7 * std::abs(y) + 2e-7;
  }
}

}  // namespace

Expected expect_epilogue(const Expected& sums, const Epilogue& epilogue, const Expected* residual) {
  Expected dst(sums.shape);
  for (size_t i = 0; i < dst.values.size(); ++i) {
    double value = sums.values[i], bound = sums.bounds[i];
    const auto add_residual = [&] {
      value += residual->values[i];
      bound += residual->bounds[i];
      bound += kRounding * (std::abs(value) + bound);
    };
    if (residual != nullptr && epilogue.residual_first) add_residual();
    value = activated(value, epilogue.activation, epilogue.slope);
    bound = bound * steepest(epilogue.activation, epilogue.slope);
    bound += own_error(epilogue.activation, std::abs(value) + bound);
    if (residual != nullptr && !epilogue.residual_first) add_residual();
    dst.values[i] = value;
    dst.bounds[i] = bound;
  }
  return dst;
}

Expected expect_activation(const Expected& src, Activation activation, float slope) {
  return expect_epilogue(src, {activation, slope, false}, nullptr);
}

testing::AssertionResult matches(const Expected& want, std::span<const float> got) {
  if (got.size() != want.values.size()) {
    return testing::AssertionFailure()
           << "expected " << want.values.size() << " values, found " << got.size();
  }
  for (size_t i = 0; i < got.size(); ++i) {
    // The smallest normal float: what flushing a denormal may cost.
    const double bound = want.bounds[i] + 0x1p-126;
    if (std::abs(got[i] - want.values[i]) <= bound) continue;
    const size_t c = static_cast<size_t>(want.shape.c), w = static_cast<size_t>(want.shape.w);
    const size_t h = static_cast<size_t>(want.shape.h), pixel = i / c;
    return testing::AssertionFailure()
           << "image " << pixel / w / h << " y " << pixel / w % h << " x " << pixel % w << " channel "
           << i % c << ": expected " << want.values[i] << " +- " << bound << ", found " << got[i];
  }
  return testing::AssertionSuccess();
}

}  // namespace ink::test
