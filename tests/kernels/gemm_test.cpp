#include "kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/harness/arrangements.h"
#include "tests/harness/expected.h"

namespace ink {
namespace {

using test::Expected;
using test::GuardedFloats;

constexpr GuardedFloats::Side kSides[] = {GuardedFloats::Side::guard_after,
                                          GuardedFloats::Side::guard_before};
constexpr int kDepths[] = {0, 1, 2, 3, 7, 64, 65};
constexpr float kSlope = 0.1f;
constexpr Epilogue kEpilogues[] = {{Activation::none, 0, false},
                                   {Activation::none, 0, true},
                                   {Activation::relu, 0, false},
                                   {Activation::relu, 0, true},
                                   {Activation::leaky_relu, kSlope, false},
                                   {Activation::leaky_relu, kSlope, true},
                                   {Activation::sigmoid, 0, false},
                                   {Activation::sigmoid, 0, true},
                                   {Activation::tanh, 0, false},
                                   {Activation::tanh, 0, true},
                                   {Activation::silu, 0, false},
                                   {Activation::silu, 0, true},
                                   {Activation::gelu, 0, false},
                                   {Activation::quick_gelu, 0, true}};

std::vector<float> randoms(int64_t count, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  test::fill_random(values, seed);
  return values;
}

// The left matrix, the right one (k, n) and the bias: b[kk * n + j].
struct Product {
  int m, n, k;
  std::vector<float> a, b, bias, residual;

  Product(int rows, int columns, int depth)
      : m(rows),
        n(columns),
        k(depth),
        a(randoms(int64_t{rows} * depth, 1)),
        b(randoms(int64_t{depth} * columns, 2)),
        bias(randoms(columns, 3)),
        residual(randoms(int64_t{rows} * columns, 4)) {}
};

// a[row(i) + offset(kk)] is the factor of row i at depth kk.
template <class Left>
Expected product(int m, int n, int k, Left left, std::span<const float> b, std::span<const float> bias) {
  Expected sums({1, 1, m, n});
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = bias[static_cast<size_t>(j)], magnitude = std::abs(sum);
      for (int kk = 0; kk < k; ++kk) {
        const double term = static_cast<double>(left(i, kk)) * b[static_cast<size_t>(kk * n + j)];
        sum += term;
        magnitude += std::abs(term);
      }
      const size_t at = static_cast<size_t>(i * n + j);
      sums.values[at] = sum;
      sums.bounds[at] = 2 * (k + 2) * test::kRounding * magnitude;
    }
  }
  return sums;
}

Expected oracle(const Product& p, const Epilogue& epilogue, bool with_residual) {
  const Expected sums = product(
      p.m, p.n, p.k, [&](int i, int kk) { return p.a[static_cast<size_t>(i * p.k + kk)]; }, p.b, p.bias);
  const Expected residual({1, 1, p.m, p.n}, p.residual);
  return test::expect_epilogue(sums, epilogue, with_residual ? &residual : nullptr);
}

// A matrix of m rows of `width`, `step` apart, that ends where its last row does; gaps hold NaN.
struct GuardedRows {
  GuardedFloats memory;
  int m, width;
  int64_t step;

  GuardedRows(int rows, int columns, int64_t row_step, GuardedFloats::Side side)
      : memory(rows == 0 || columns == 0 ? 0 : static_cast<size_t>((rows - 1) * row_step + columns), side),
        m(rows),
        width(columns),
        step(row_step) {
    std::fill(memory.span().begin(), memory.span().end(), NAN);
  }
  // From the first rows and columns of a matrix with rows of `columns`.
  void fill(std::span<const float> values, int columns) {
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < width; ++j) (*this)(i, j) = values[static_cast<size_t>(i * columns + j)];
    }
  }
  float& operator()(int i, int j) { return memory[static_cast<size_t>(i * step + j)]; }
  View<float> view() { return {memory.data(), 1, 1, m, width, 0, 0, 0, 0, step}; }
  bool only_rows_written() {
    for (size_t i = 0; i < memory.size(); ++i) {
      const auto column = static_cast<int64_t>(i) % step;
      if (column >= width && !std::isnan(memory[i])) return false;
    }
    return memory.intact();
  }
};

std::vector<float> run_dense(const GemmVariant& variant, const Product& p, const Epilogue& epilogue,
                             bool with_residual, int threads) {
  const GemmPanels panels(variant, p.k, p.n, p.b.data(), p.n, 1, p.bias.data());
  std::vector<float> dst(static_cast<size_t>(p.m) * static_cast<size_t>(p.n), NAN);
  const View<const float> residual =
      with_residual ? dense_view(p.residual.data(), 1, 1, p.m, p.n) : View<const float>{};
  gemm_run(variant, panels, dense_view(p.a.data(), 1, 1, p.m, p.k), dense_view(dst.data(), 1, 1, p.m, p.n),
           residual, epilogue, threads);
  return dst;
}

// The bits of `whole` (rows of whole_columns) in the rows and columns that dst has.
bool same_bits(GuardedRows& dst, const std::vector<float>& whole, int whole_columns) {
  for (int i = 0; i < dst.m; ++i) {
    if (std::memcmp(&dst(i, 0), &whole[static_cast<size_t>(i * whole_columns)],
                    static_cast<size_t>(dst.width) * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

// A product of the first rows and columns of another has its bits: whatever m and n are, wherever the rows
// lie.
void check_every_size(const GemmVariant& variant, const Product& whole, const std::vector<float>& want,
                      const Epilogue& epilogue, bool with_residual) {
  for (int n = 1; n <= whole.n; ++n) {
    const GemmPanels panels(variant, whole.k, n, whole.b.data(), whole.n, 1, whole.bias.data());
    for (int m = 1; m <= whole.m; ++m) {
      const auto side = kSides[(m + n) % 2];
      const int64_t gap = (m + n) % 3;
      GuardedRows src(m, whole.k, whole.k + gap, side), dst(m, n, n + 2 * gap, side),
          residual(m, n, n + gap, side);
      src.fill(whole.a, whole.k);
      residual.fill(whole.residual, whole.n);
      gemm_run(variant, panels, src.view(), dst.view(), with_residual ? residual.view() : View<float>{},
               epilogue, 1);
      ASSERT_TRUE(same_bits(dst, want, whole.n)) << "m " << m << " n " << n;
      ASSERT_TRUE(dst.only_rows_written() && src.only_rows_written() && residual.only_rows_written())
          << "m " << m << " n " << n;
    }
  }
}

TEST(Gemm, EveryVariantMatchesTheOracleAtEverySize) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (size_t i = 0; i < std::size(kDepths); ++i) {
      const bool with_residual = i % 2 == 0;
      const Epilogue& epilogue = kEpilogues[(i * 5) % std::size(kEpilogues)];
      const Product whole(2 * variant.mr + 1, 2 * variant.nr + 1, kDepths[i]);
      SCOPED_TRACE(testing::Message() << variant.name << " k " << whole.k);
      const std::vector<float> got = run_dense(variant, whole, epilogue, with_residual, 1);
      ASSERT_TRUE(test::matches(oracle(whole, epilogue, with_residual), got));
      check_every_size(variant, whole, got, epilogue, with_residual);
    }
  }
}

TEST(Gemm, EveryEpilogueMatchesTheOracle) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const Epilogue& epilogue : kEpilogues) {
      for (const bool with_residual : {false, true}) {
        for (const int n : {variant.lanes - 1, variant.lanes, variant.nr - 1, variant.nr, variant.nr + 1}) {
          // Sums up to 8 in magnitude, so that every activation shows its bends and its tails.
          Product p(variant.mr + 1, n, 33);
          for (float& value : p.b) value *= 3;
          SCOPED_TRACE(testing::Message()
                       << variant.name << " n " << n << " " << activation_name(epilogue.activation)
                       << (with_residual ? " residual" : "") << (epilogue.residual_first ? " first" : ""));
          ASSERT_TRUE(test::matches(oracle(p, epilogue, with_residual),
                                    run_dense(variant, p, epilogue, with_residual, 1)));
        }
      }
    }
  }
}

TEST(Gemm, TheResultMayReplaceTheResidual) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const Product p(variant.mr + 2, variant.nr + 3, 5);
    for (const Epilogue& epilogue : kEpilogues) {
      const std::vector<float> want = run_dense(variant, p, epilogue, true, 1);
      std::vector<float> both = p.residual;
      const GemmPanels panels(variant, p.k, p.n, p.b.data(), p.n, 1, p.bias.data());
      const View<float> view = dense_view(both.data(), 1, 1, p.m, p.n);
      gemm_run(variant, panels, dense_view(p.a.data(), 1, 1, p.m, p.k), view, view, epilogue, 1);
      ASSERT_EQ(both, want) << variant.name << " " << activation_name(epilogue.activation);
    }
  }
}

TEST(Gemm, TilesGatherTheirRowsFromTaps) {
  // Taps out of order, overlapping, and one that reads what lies before the first row.
  const int64_t all_taps[] = {40, -7, 3, 5, 90};
  constexpr int kRun = 6, kBefore = 7;
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const int taps : {1, 2, 5}) {
      for (int m = 1; m <= variant.mr; ++m) {
        for (const int64_t step : {int64_t{0}, int64_t{1}, int64_t{13}}) {
          const int n = variant.nr - m % variant.lanes, k = taps * kRun;
          const int64_t last = *std::max_element(all_taps, all_taps + taps);
          GuardedFloats src(static_cast<size_t>(kBefore + (m - 1) * step + last + kRun), kSides[m % 2]);
          test::fill_random(src.span(), 5);
          const float* first = src.data() + kBefore;
          const std::vector<float> b = randoms(int64_t{k} * n, 2), bias = randoms(n, 3);
          const GemmPanels panels(variant, k, n, b.data(), n, 1, bias.data());
          GuardedRows dst(m, n, n + 1, kSides[m % 2]);
          variant.tile({first,
                        step,
                        all_taps,
                        taps,
                        kRun,
                        panels.weights(0),
                        panels.width(0),
                        panels.bias(0),
                        dst.memory.data(),
                        dst.step,
                        nullptr,
                        0,
                        m,
                        n,
                        {}});
          const Expected want = product(
              m, n, k, [&](int i, int kk) { return first[i * step + all_taps[kk / kRun] + kk % kRun]; }, b,
              bias);
          std::vector<float> got;
          for (int i = 0; i < m; ++i) got.insert(got.end(), &dst(i, 0), &dst(i, 0) + n);
          ASSERT_TRUE(test::matches(want, got))
              << variant.name << " taps " << taps << " m " << m << " step " << step;
          ASSERT_TRUE(dst.only_rows_written() && src.intact());
        }
      }
    }
  }
}

TEST(Gemm, TapsAndOneLongRowGiveTheSameBits) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const Product p(variant.mr, variant.nr, 60);
    const GemmPanels panels(variant, p.k, p.n, p.b.data(), p.n, 1, p.bias.data());
    const int64_t taps[] = {0, 10, 20, 30, 40, 50};
    std::vector<float> whole(static_cast<size_t>(p.m * p.n)), cut(whole.size());
    GemmTileArgs args{p.a.data(),
                      p.k,
                      taps,
                      1,
                      p.k,
                      panels.weights(0),
                      panels.width(0),
                      panels.bias(0),
                      whole.data(),
                      p.n,
                      nullptr,
                      0,
                      p.m,
                      p.n,
                      {}};
    variant.tile(args);
    args.tap_count = 6;
    args.run = 10;
    args.dst = cut.data();
    variant.tile(args);
    EXPECT_EQ(whole, cut) << variant.name;
  }
}

TEST(Gemm, ARowHasTheSameBitsAloneAndInItsBlock) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    // One, two and four panels at once, narrower last ones, and depths for one thread and for several.
    const int sizes[][2] = {
        {variant.nr + variant.lanes + 1, 65}, {7 * variant.nr + 1, 65}, {7 * variant.nr, 600}};
    for (const auto& [n, k] : sizes) {
      const Product p(variant.mr + 2, n, k);
      const GemmPanels panels(variant, k, n, p.b.data(), n, 1, p.bias.data());
      for (const Epilogue& epilogue : kEpilogues) {
        for (const bool with_residual : {false, true}) {
          const std::vector<float> together = run_dense(variant, p, epilogue, with_residual, 1);
          for (int i = 0; i < p.m; ++i) {
            std::vector<float> alone(static_cast<size_t>(n));
            View<const float> residual{};
            if (with_residual) residual = dense_view(&p.residual[static_cast<size_t>(i * n)], 1, 1, 1, n);
            gemm_run(variant, panels, dense_view(&p.a[static_cast<size_t>(i * k)], 1, 1, 1, k),
                     dense_view(alone.data(), 1, 1, 1, n), residual, epilogue, 2);
            ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + i * n))
                << variant.name << " row " << i << " of " << n << "x" << k;
          }
        }
      }
    }
  }
}

TEST(Gemm, ThreadsGiveTheSameBits) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const Product products[] = {{1, 5 * variant.nr + 1, 9},
                                {variant.mr, variant.nr, 9},
                                {40 * variant.mr + 3, 3, 9},
                                {9 * variant.mr, 3 * variant.nr - 1, 17}};
    for (const Product& p : products) {
      const std::vector<float> want = run_dense(variant, p, {}, true, 1);
      ASSERT_TRUE(test::matches(oracle(p, {}, true), want)) << variant.name;
      for (const int threads : {2, 3, 7}) {
        ASSERT_EQ(run_dense(variant, p, {}, true, threads), want) << variant.name << " threads " << threads;
      }
    }
  }
}

TEST(Gemm, ProductOfNoRowsIsNothing) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    EXPECT_TRUE(run_dense(variant, Product(0, 5, 3), {}, false, 2).empty());
  }
}

TEST(GemmPanels, HoldEveryWeightAndZerosBeyond) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (int n = 1; n <= 2 * variant.nr + 1; ++n) {
      constexpr int kDepth = 5;
      const std::vector<float> weights = randoms(int64_t{n} * kDepth, 6), bias = randoms(n, 7);
      // Weights as (n, k): the depth runs fastest.
      const GemmPanels panels(variant, kDepth, n, weights.data(), 1, kDepth, bias.data());
      ASSERT_EQ(panels.k(), kDepth);
      ASSERT_EQ(panels.n(), n);
      ASSERT_EQ(panels.count(), (n - 1) / variant.nr + 1);
      size_t floats = 0;
      for (int panel = 0; panel < panels.count(); ++panel) {
        const int width = panels.width(panel), columns = panels.columns(panel);
        ASSERT_EQ(panels.first_column(panel), panel * variant.nr);
        ASSERT_EQ(columns, std::min(variant.nr, n - panel * variant.nr));
        ASSERT_TRUE(width >= columns && width - columns < variant.lanes && width % variant.lanes == 0);
        for (int j = 0; j < width; ++j) {
          const size_t column = static_cast<size_t>(panel * variant.nr + j);
          ASSERT_EQ(panels.bias(panel)[j], j < columns ? bias[column] : 0.0f);
          for (int kk = 0; kk < kDepth; ++kk) {
            const float want = j < columns ? weights[column * kDepth + static_cast<size_t>(kk)] : 0.0f;
            ASSERT_EQ(panels.weights(panel)[kk * width + j], want) << variant.name << " n " << n;
          }
        }
        floats += static_cast<size_t>(width) * (kDepth + 1);
      }
      ASSERT_EQ(panels.bytes(), floats * sizeof(float));
    }
  }
}

TEST(GemmPanels, TakeWeightsFromAnyOffsets) {
  const std::vector<float> weights = randoms(100, 8);
  const int64_t offsets[] = {50, 0, 99 - 2 * 20, 7};
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const GemmPanels panels(variant, offsets, 3, weights.data(), 20, nullptr);
    for (int j = 0; j < 3; ++j) {
      EXPECT_EQ(panels.bias(0)[j], 0.0f);
      for (int kk = 0; kk < 4; ++kk) {
        EXPECT_EQ(panels.weights(0)[kk * panels.width(0) + j],
                  weights[static_cast<size_t>(offsets[kk] + j * 20)]);
      }
    }
  }
}

TEST(GemmVariants, HaveTilesThatTheirPanelsFit) {
  for (const GemmVariant& variant : gemm_variants()) {
    EXPECT_GT(variant.mr, 0);
    EXPECT_TRUE(variant.nr % variant.lanes == 0 && variant.nr <= 2 * variant.lanes) << variant.name;
  }
}

}  // namespace
}  // namespace ink
