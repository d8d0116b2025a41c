#include "kernels/layer_norm/layer_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/arrangements.h"
#include "tests/harness/expected.h"

namespace ink {
namespace {

using test::Expected;
using test::GuardedFloats;
using test::Shape;

constexpr float kEpsilon = 1e-5f;

// A row whose values lie `spread` around `centre`.
std::vector<float> rows_of(int rows, int channels, float centre, float spread) {
  std::vector<float> values = test::random_floats({1, 1, rows, channels}, static_cast<uint64_t>(channels));
  for (float& value : values) value = centre + spread * value;
  return values;
}

Expected oracle(const std::vector<float>& src, int rows, int channels, const std::vector<float>& gamma,
                const std::vector<float>& beta) {
  Expected want({1, 1, rows, channels});
  for (int p = 0; p < rows; ++p) {
    const float* x = &src[static_cast<size_t>(p * channels)];
    double sum = 0, magnitude = 0, squares = 0;
    for (int i = 0; i < channels; ++i) sum += x[i], magnitude += std::abs(static_cast<double>(x[i]));
    const double mean = sum / channels;
    for (int i = 0; i < channels; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double deviation = std::sqrt(squares / channels + static_cast<double>(kEpsilon));
    // As stated: the error of the sums, then some roundings of each step.
    const double sum_error = (channels / 64.0 + 8) * test::kRounding,
                 mean_error = sum_error * magnitude / channels;
    for (int i = 0; i < channels; ++i) {
      const auto c = static_cast<size_t>(i);
      const double centred = x[i] - mean, y = centred / deviation * gamma[c];
      // An error of the mean moves each value, and all squares together by its square.
      const double moved =
          mean_error + std::abs(centred) * (sum_error + mean_error * mean_error / (deviation * deviation));
      want.values[want.index(0, 0, p, i)] = y + beta[c];
      want.bounds[want.index(0, 0, p, i)] = moved / deviation * std::abs(gamma[c]) +
                                            6 * test::kRounding * (std::abs(y) + std::abs(y + beta[c]));
    }
  }
  return want;
}

TEST(LayerNorm, EveryVariantMatchesTheOracleAtEverySize) {
  for (const LayerNormVariant& variant : test::runnable(layer_norm_variants())) {
    for (int channels = 1; channels <= 150; ++channels) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        constexpr int kRows = 3;
        const float centre = channels % 3 == 0 ? 100.0f : 0.5f;
        const std::vector<float> values = rows_of(kRows, channels, centre, 2);
        const std::vector<float> gammas = rows_of(1, channels, 1, 0.5f), betas = rows_of(1, channels, 0, 1);
        const size_t count = static_cast<size_t>(channels);
        GuardedFloats src(kRows * count, side), dst(kRows * count, side), gamma(count, side),
            beta(count, side);
        std::copy(values.begin(), values.end(), src.data());
        std::copy(gammas.begin(), gammas.end(), gamma.data());
        std::copy(betas.begin(), betas.end(), beta.data());
        variant.row({src.data(), dst.data(), gamma.data(), beta.data(), kRows, channels, channels, channels,
                     kEpsilon});
        ASSERT_TRUE(test::matches(oracle(values, kRows, channels, gammas, betas), dst.span()))
            << variant.name << " channels " << channels;
        ASSERT_TRUE(src.intact() && dst.intact() && gamma.intact() && beta.intact());
        // In place, and each row alone: the same bits.
        for (size_t p = 0; p < kRows; ++p) {
          float* row = src.data() + p * count;
          variant.row({row, row, gamma.data(), beta.data(), 1, channels, 0, 0, kEpsilon});
        }
        ASSERT_TRUE(std::equal(src.data(), src.data() + src.size(), dst.data())) << variant.name;
      }
    }
  }
}

TEST(LayerNorm, ALargeMeanCancelsNothing) {
  for (const LayerNormVariant& variant : test::runnable(layer_norm_variants())) {
    for (const int channels : {768, 1024, 1408, 4096}) {
      const std::vector<float> src = rows_of(1, channels, 1000, 1), ones(src.size(), 1.0f),
                               zeros(src.size(), 0.0f);
      std::vector<float> dst(src.size());
      variant.row({src.data(), dst.data(), ones.data(), zeros.data(), 1, channels, 0, 0, kEpsilon});
      EXPECT_TRUE(test::matches(oracle(src, 1, channels, ones, zeros), dst))
          << variant.name << " " << channels;
    }
  }
}

TEST(LayerNorm, ConstantRowsGiveBeta) {
  for (const LayerNormVariant& variant : test::runnable(layer_norm_variants())) {
    const std::vector<float> src(37, 3.0f), gamma(37, 2.0f), beta(37, 0.25f);
    std::vector<float> dst(37);
    variant.row({src.data(), dst.data(), gamma.data(), beta.data(), 1, 37, 0, 0, 1e-12f});
    for (const float value : dst) EXPECT_NEAR(value, 0.25f, 1e-3) << variant.name;
  }
}

TEST(LayerNorm, RegionsLayoutsAndThreadsGiveTheSameBits) {
  const Shape shape{2, 3, 5, 19};
  const std::vector<float> src = test::random_floats(shape, 5), gamma = rows_of(1, 19, 1, 1),
                           beta = rows_of(1, 19, 0, 1);
  for (const LayerNormVariant& variant : test::runnable(layer_norm_variants())) {
    std::vector<float> want(shape.size());
    variant.row({src.data(), want.data(), gamma.data(), beta.data(), 30, 19, 19, 19, kEpsilon});
    ASSERT_NO_FATAL_FAILURE(test::expect_same_bits_everywhere(
        shape, src, shape, want, [](Rect region) { return region; },
        [&](const test::Arrangement& how, View<const float> from, View<float> to) {
          layer_norm_run(variant, gamma.data(), beta.data(), kEpsilon, from, to, how.region, how.threads);
        }))
        << variant.name;
  }
}

}  // namespace
}  // namespace ink
