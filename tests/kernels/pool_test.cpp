#include "kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

// Visits the taps of output (y, x) that lie in the map, and counts those that lie in the padded map.
template <class F>
int for_each_tap(const PoolShape& pool, Shape src, int y, int x, F&& visit) {
  int padded = 0;
  for (int r = 0; r < pool.kh; ++r) {
    for (int s = 0; s < pool.kw; ++s) {
      const int sy = y * pool.sh - pool.top + r, sx = x * pool.sw - pool.left + s;
      padded += sy < src.h + pool.bottom && sx < src.w + pool.right;
      if (sy >= 0 && sy < src.h && sx >= 0 && sx < src.w) visit(sy, sx);
    }
  }
  return padded;
}

void compare(const PoolShape& pool, Shape src_shape, const std::vector<float>& src, Shape dst_shape,
             const std::vector<float>& got) {
  for (int n = 0; n < dst_shape.n; ++n) {
    for (int y = 0; y < dst_shape.h; ++y) {
      for (int x = 0; x < dst_shape.w; ++x) {
        for (int c = 0; c < dst_shape.c; ++c) {
          double max = -INFINITY, sum = 0, size = 0;
          int taps = 0;
          const int padded = for_each_tap(pool, src_shape, y, x, [&](int sy, int sx) {
            const double value = src[src_shape.index(n, sy, sx, c)];
            max = std::fmax(max, value);
            sum += value;
            size += std::abs(value);
            ++taps;
          });
          const float value = got[dst_shape.index(n, y, x, c)];
          const int count = pool.count_include_pad ? padded : taps;
          if (pool.kind == PoolKind::max) {
            ASSERT_EQ(value, static_cast<float>(max)) << y << " " << x << " " << c;
          } else {
            // One rounding an addition, each of a partial sum no larger than `size`, and one of the division.
            ASSERT_NEAR(value, sum / count, 0x1p-24 * 1.001 * (taps + 1) * size / count)
                << y << " " << x << " " << c;
          }
        }
      }
    }
  }
}

// As torch: rounding up adds no window that starts behind the map.
int output_size(int size, int kernel, int stride, int before, int after, bool round_up) {
  const int room = size + before + after - kernel;
  const int rounded = (room + (round_up ? stride - 1 : 0)) / stride + 1;
  return (rounded - 1) * stride >= size + before ? rounded - 1 : rounded;
}

View<float> dense(std::vector<float>& values, Shape s) {
  return dense_view(values.data(), s.n, s.h, s.w, s.c);
}

void check(PoolShape pool, Shape src_shape, bool round_up) {
  const std::vector<float> src = test::random_floats(src_shape, 1);
  const Shape dst_shape{
      src_shape.n, output_size(src_shape.h, pool.kh, pool.sh, pool.top, pool.bottom, round_up),
      output_size(src_shape.w, pool.kw, pool.sw, pool.left, pool.right, round_up), src_shape.c};
  for (const PoolKind kind : {PoolKind::max, PoolKind::average}) {
    for (const bool include : {false, true}) {
      pool.kind = kind;
      pool.count_include_pad = include;
      for (const PoolVariant& variant : test::runnable(pool_variants())) {
        SCOPED_TRACE(testing::Message()
                     << variant.name << (kind == PoolKind::max ? " max " : " average ") << pool.kh << "x"
                     << pool.kw << " of " << src_shape.h << "x" << src_shape.w << "x" << src_shape.c
                     << " padding counted: " << include);
        std::vector<float> from = src, got(dst_shape.size());
        pool_run(variant, pool, dense(from, src_shape), dense(got, dst_shape), dst_shape.whole(), 1);
        compare(pool, src_shape, src, dst_shape, got);
        test::expect_same_bits_everywhere(
            src_shape, src, dst_shape, got,
            [&](Rect region) { return pool_source(pool, src_shape.h, src_shape.w, region); },
            [&](const Arrangement& how, View<const float> view, View<float> dst) {
              pool_run(variant, pool, view, dst, how.region, how.threads);
            });
      }
    }
  }
}

PoolShape square(int kernel, int stride, int padding) {
  return {PoolKind::max, kernel, kernel, stride, stride, padding, padding, padding, padding, false};
}

TEST(Pool, EveryVariantMatchesTheOracleInEveryArrangement) {
  check(square(1, 1, 0), {1, 1, 1, 1}, false);
  check(square(2, 2, 0), {2, 6, 8, 3}, false);
  check(square(2, 2, 0), {1, 7, 9, 17}, true);
  check(square(3, 2, 1), {1, 7, 10, 64}, false);
  check(square(3, 1, 1), {1, 2, 2, 5}, false);
  check(square(3, 2, 1), {1, 8, 8, 33}, true);
  check(square(5, 3, 2), {1, 9, 11, 4}, true);
  check(square(7, 7, 0), {1, 7, 7, 80}, false);
  check(square(5, 1, 4), {1, 1, 2, 3}, false);
  check({PoolKind::max, 2, 3, 3, 2, 1, 1, 0, 2, false}, {1, 6, 7, 19}, true);
  check({PoolKind::max, 1, 4, 1, 5, 0, 3, 0, 1, false}, {1, 3, 23, 2}, false);
  check(square(3, 1, 1), {1, 37, 61, 16}, false);
}

TEST(Pool, EveryTailOfAChannelCount) {
  for (int c = 1; c <= 81; ++c) check(square(2, 2, 1), {1, 2, 3, c}, false);
}

TEST(Pool, IsTorchs) {
  // x = torch.arange(20.).reshape(1, 1, 4, 5) * 7 % 11; {avg,max}_pool2d(x, ..., ceil_mode=True)
  std::vector<float> src(20);
  for (size_t i = 0; i < src.size(); ++i) src[i] = static_cast<float>(i * 7 % 11);
  PoolShape nine = square(3, 2, 1), six{PoolKind::average, 2, 3, 3, 2, 1, 1, 1, 1, false};
  const auto check_values = [&](PoolShape pool, PoolKind kind, bool include, Shape dst_shape,
                                const std::vector<float>& want) {
    pool.kind = kind;
    pool.count_include_pad = include;
    for (const PoolVariant& variant : test::runnable(pool_variants())) {
      std::vector<float> dst(dst_shape.size());
      pool_run(variant, pool, dense(src, {1, 4, 5, 1}), dense(dst, dst_shape), dst_shape.whole(), 1);
      EXPECT_EQ(dst, want) << variant.name;
    }
  };
  check_values(nine, PoolKind::average, true, {1, 3, 3, 1},
               {2.0f, 3.8888888359069824f, 2.777777671813965f, 2.555555582046509f, 4.55555534362793f,
                3.1111111640930176f, 1.3333333730697632f, 2.6666667461395264f, 1.0f});
  check_values(nine, PoolKind::average, false, {1, 3, 3, 1},
               {4.5f, 5.833333492279053f, 6.25f, 3.8333332538604736f, 4.55555534362793f, 4.666666507720947f,
                4.0f, 5.333333492279053f, 3.0f});
  check_values(six, PoolKind::average, true, {1, 2, 3, 1},
               {1.1666666269302368f, 3.3333332538604736f, 2.6666667461395264f, 2.0f, 4.333333492279053f,
                3.1666667461395264f});
  check_values(six, PoolKind::average, false, {1, 2, 3, 1},
               {3.5f, 6.666666507720947f, 8.0f, 3.0f, 4.333333492279053f, 4.75f});
  check_values(nine, PoolKind::max, false, {1, 3, 3, 1}, {9, 10, 10, 9, 9, 10, 6, 9, 5});
}

TEST(Pool, AMaximumKeepsNanInfinityAndTheFirstZero) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::vector<float>> windows = {
      {kNan, 1, 2, 3},        {1, kNan, 2, 3},
      {1, 2, 3, kNan},        {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
      {1, INFINITY, 2, 3},    {0.0f, -0.0f, -0.0f, -1},
      {-0.0f, 0.0f, 0.0f, -1}};
  for (const PoolVariant& variant : test::runnable(pool_variants())) {
    for (const std::vector<float>& window : windows) {
      for (const int c : {1, 5, 16, 70}) {
        const Shape shape{1, 2, 2, c};
        std::vector<float> src(shape.size()), dst(static_cast<size_t>(c));
        for (size_t i = 0; i < src.size(); ++i) src[i] = window[i / static_cast<size_t>(c)];
        pool_run(variant, square(2, 2, 0), dense(src, shape), dense(dst, {1, 1, 1, c}), {0, 0, 1, 1}, 1);
        float want = window[0];
        for (const float value : window) {
          if (std::isnan(value) || value > want) want = value;
        }
        for (const float value : dst) {
          EXPECT_EQ(std::isnan(value), std::isnan(want)) << variant.name;
          EXPECT_TRUE(std::isnan(want) || (value == want && std::signbit(value) == std::signbit(want)))
              << variant.name << " " << value;
        }
      }
    }
  }
}

TEST(Pool, RefusesAWindowThatSeesNoPixel) {
  std::vector<float> src(16), dst(16);
  const auto run = [&](PoolShape pool, Shape dst_shape) {
    pool_run(choose_pool(active_isa()), pool, dense(src, {1, 4, 4, 1}), dense(dst, dst_shape), {0, 0, 1, 1},
             1);
  };
  EXPECT_THROW(run(square(2, 2, 0), {1, 3, 2, 1}), InternalError);
  EXPECT_THROW(run(square(2, 1, 2), {1, 2, 2, 1}), InternalError);
}

}  // namespace
}  // namespace ink
