#include "kernels/pool/global_mean.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::GuardedFloats;
using test::Layout;
using test::Shape;
using test::TestMap;

// Doubles with a guard page right behind them.
class GuardedSums {
 public:
  explicit GuardedSums(size_t count) : memory_(2 * count, GuardedFloats::Side::guard_after) {}
  double* data() { return reinterpret_cast<double*>(memory_.data()); }
  bool intact() const { return memory_.intact(); }

 private:
  GuardedFloats memory_;
};

const Shape kShapes[] = {{1, 1, 1, 1},      {1, 1, 1, 2048}, {2, 7, 7, 530},  {1, 16, 64, 64},
                         {1, 17, 65, 3},    {1, 15, 63, 9},  {2, 33, 130, 5}, {1, 40, 200, 33},
                         {1, 100, 300, 16}, {1, 1, 500, 7},  {1, 500, 1, 8}};

std::vector<float> mean_of(const GlobalMeanVariant& variant, Shape shape, const std::vector<float>& values,
                           Layout layout, int threads) {
  TestMap<float> src(shape, shape.whole(), layout, GuardedFloats::Side::guard_after);
  src.fill(values, shape.whole());
  const Shape dst_shape{shape.n, 1, 1, shape.c};
  GuardedSums sums(global_sum_bytes(shape.h, shape.w, shape.c) / sizeof(double));
  std::vector<float> dst(dst_shape.size());
  global_mean_run(variant, src.view(), dense_view(dst.data(), shape.n, 1, 1, shape.c), sums.data(), threads);
  EXPECT_TRUE(sums.intact() && src.untouched_outside(shape.whole()));
  return dst;
}

TEST(GlobalMean, MatchesTheOracle) {
  for (const Shape& shape : kShapes) {
    const std::vector<float> values = test::random_floats(shape, 1);
    for (const GlobalMeanVariant& variant : test::runnable(global_mean_variants())) {
      const std::vector<float> got = mean_of(variant, shape, values, Layout::dense, 1);
      for (int n = 0; n < shape.n; ++n) {
        for (int c = 0; c < shape.c; ++c) {
          long double sum = 0, size = 0;
          for (int y = 0; y < shape.h; ++y) {
            for (int x = 0; x < shape.w; ++x) {
              sum += values[shape.index(n, y, x, c)];
              size += std::abs(values[shape.index(n, y, x, c)]);
            }
          }
          const long double pixels = static_cast<long double>(shape.h) * shape.w, want = sum / pixels;
          // The rounding to float, and at most one of a double for each addition.
          const long double bound = 0x1p-24L * 1.001L * std::abs(want) + pixels * 0x1p-53L * size / pixels;
          const float value = got[Shape{shape.n, 1, 1, shape.c}.index(n, 0, 0, c)];
          ASSERT_LE(std::abs(value - want), bound)
              << variant.name << " " << shape.h << "x" << shape.w << " " << c;
        }
      }
    }
  }
}

TEST(GlobalMean, VariantsLayoutsAndThreadsGiveTheSameBits) {
  for (const Shape& shape : kShapes) {
    const std::vector<float> values = test::random_floats(shape, 2);
    const std::vector<float> want = mean_of(global_mean_variants().back(), shape, values, Layout::dense, 1);
    for (const GlobalMeanVariant& variant : test::runnable(global_mean_variants())) {
      for (const Layout layout : {Layout::dense, Layout::crop, Layout::slice}) {
        for (const int threads : {1, 2, 4}) {
          ASSERT_EQ(mean_of(variant, shape, values, layout, threads), want) << variant.name << " " << threads;
        }
      }
    }
  }
}

TEST(GlobalMean, SumsOfRowsInPortionsAndColumnsInCellsGiveTheSameBits) {
  for (const Shape& shape : kShapes) {
    const std::vector<float> values = test::random_floats(shape, 3);
    const Rect grid = global_mean_grid(shape.h, shape.w);
    const int64_t cells = global_mean_cells(shape.h, shape.w);
    for (const GlobalMeanVariant& variant : test::runnable(global_mean_variants())) {
      const std::vector<float> want = mean_of(variant, shape, values, Layout::dense, 1);
      for (int image = 0; image < shape.n; ++image) {
        GuardedSums sums(global_sum_bytes(shape.h, shape.w, shape.c) / sizeof(double));
        std::fill_n(sums.data(), cells * shape.c, 0.0);
        // Last column first, each in portions of 1, 2, 3, ... rows: only the order of rows matters.
        for (int cx = grid.x1 - 1; cx >= 0; --cx) {
          for (int y = 0, rows = 1; y < shape.h; y += rows++) {
            const Rect part{y, cx * kMeanCellColumns, std::min(y + rows, shape.h),
                            std::min((cx + 1) * kMeanCellColumns, shape.w)};
            TestMap<float> src(shape, part, Layout::slice, GuardedFloats::Side::guard_before);
            src.fill(values, part);
            global_sum_add(variant, src.view(), image, part, sums.data(), 3);
          }
        }
        std::vector<float> got(static_cast<size_t>(shape.c));
        global_mean_finish(sums.data(), cells, shape.c, shape.whole().area(), got.data());
        const auto first = want.begin() + static_cast<std::ptrdiff_t>(image) * shape.c;
        ASSERT_EQ(got, std::vector<float>(first, first + shape.c)) << variant.name;
        ASSERT_TRUE(sums.intact());
      }
    }
  }
}

TEST(GlobalMean, SumsOfOtherCellsAreLeftAlone) {
  const Shape shape{1, 170, 60, 3};
  const std::vector<float> values = test::random_floats(shape, 4);
  const View<const float> src = dense_view(values.data(), 1, shape.h, shape.w, shape.c);
  for (const GlobalMeanVariant& variant : test::runnable(global_mean_variants())) {
    constexpr int kCell = 5;
    const size_t columns = static_cast<size_t>(global_mean_grid(shape.h, shape.w).x1);
    const auto rows = static_cast<size_t>(mean_cell_rows(shape.h, shape.w));
    std::vector<double> sums(static_cast<size_t>(global_mean_cells(shape.h, shape.w) * shape.c), 0.0);
    global_sum_add(variant, src, 0, {64, kCell * kMeanCellColumns, 128, (kCell + 1) * kMeanCellColumns},
                   sums.data(), 2);
    for (size_t i = 0; i < sums.size(); ++i) {
      const size_t row = i / 3 / columns * rows, column = i / 3 % columns;
      EXPECT_EQ(sums[i] != 0, row >= 64 && row < 128 && column == kCell) << variant.name << " " << i;
    }
  }
}

TEST(GlobalMean, LosesNothingThatDoublesHold) {
  // In float, 1 would vanish beside 2^30.
  const Shape shape{1, 3, 70, 2};
  std::vector<float> values(shape.size(), 0.0f);
  values[0] = 0x1p30f;
  values[shape.index(0, 1, 66, 0)] = 1;
  values[shape.index(0, 2, 69, 0)] = -0x1p30f;
  for (const GlobalMeanVariant& variant : test::runnable(global_mean_variants())) {
    EXPECT_EQ(mean_of(variant, shape, values, Layout::dense, 1), (std::vector<float>{1.0f / 210, 0}));
  }
}

}  // namespace
}  // namespace ink
