#include "kernels/resize/resize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

// Where index i lies in src, in whole numbers: pixel `lo` and numerator / denominator of the way to the next.
struct Position {
  int64_t lo, numerator, denominator;
};

Position position(ResizeMode mode, int64_t i, int64_t in, int64_t out) {
  int64_t numerator = i * in, denominator = out;
  if (mode == ResizeMode::bilinear) {
    numerator = std::max<int64_t>(0, (2 * i + 1) * in - out);
    denominator = 2 * out;
  } else if (mode == ResizeMode::bilinear_align_corners) {
    numerator = i * (in - 1);
    denominator = std::max<int64_t>(out - 1, 1);
  }
  return {numerator / denominator, mode == ResizeMode::nearest ? 0 : numerator % denominator, denominator};
}

constexpr ResizeMode kModes[] = {ResizeMode::nearest, ResizeMode::bilinear,
                                 ResizeMode::bilinear_align_corners};

void compare(ResizeMode mode, Shape src_shape, const std::vector<float>& src, Shape dst_shape,
             const std::vector<float>& got) {
  for (int n = 0; n < dst_shape.n; ++n) {
    for (int y = 0; y < dst_shape.h; ++y) {
      for (int x = 0; x < dst_shape.w; ++x) {
        const Position row = position(mode, y, src_shape.h, dst_shape.h);
        const Position column = position(mode, x, src_shape.w, dst_shape.w);
        for (int c = 0; c < dst_shape.c; ++c) {
          double want = 0, size = 0;
          for (int corner = 0; corner < 4; ++corner) {
            const auto weight = [](Position p, int next) {
              return static_cast<double>(next != 0 ? p.numerator : p.denominator - p.numerator) /
                     static_cast<double>(p.denominator);
            };
            const int sy = static_cast<int>(std::min<int64_t>(row.lo + corner / 2, src_shape.h - 1));
            const int sx = static_cast<int>(std::min<int64_t>(column.lo + corner % 2, src_shape.w - 1));
            const double part =
                weight(row, corner / 2) * weight(column, corner % 2) * src[src_shape.index(n, sy, sx, c)];
            want += part;
            size += std::abs(part);
          }
          // Each part meets two rounded weights, two products and two sums; the last term is what the
          // rounding of the position, a double, makes of weights next to zero.
          const double bound = mode == ResizeMode::nearest ? 0 : 6.001 * 0x1p-24 * size + 1e-13;
          ASSERT_NEAR(got[dst_shape.index(n, y, x, c)], want, bound) << y << " " << x << " " << c;
        }
      }
    }
  }
}

void check(Shape src_shape, int oh, int ow) {
  const std::vector<float> src = test::random_floats(src_shape, 1);
  const Shape dst_shape{src_shape.n, oh, ow, src_shape.c};
  for (const ResizeMode mode : kModes) {
    const std::vector<ResizeTap> y_taps = resize_taps(mode, src_shape.h, oh),
                                 x_taps = resize_taps(mode, src_shape.w, ow);
    for (const ResizeVariant& variant : test::runnable(resize_variants())) {
      SCOPED_TRACE(testing::Message()
                   << variant.name << " " << resize_mode_name(mode) << " " << src_shape.h << "x"
                   << src_shape.w << "x" << src_shape.c << " to " << oh << "x" << ow);
      std::vector<float> got(dst_shape.size());
      resize_run(variant, mode, y_taps, x_taps,
                 dense_view(src.data(), src_shape.n, src_shape.h, src_shape.w, src_shape.c),
                 dense_view(got.data(), dst_shape.n, oh, ow, dst_shape.c), dst_shape.whole(), 1);
      compare(mode, src_shape, src, dst_shape, got);
      test::expect_same_bits_everywhere(
          src_shape, src, dst_shape, got, [&](Rect region) { return resize_source(y_taps, x_taps, region); },
          [&](const Arrangement& how, View<const float> from, View<float> dst) {
            resize_run(variant, mode, y_taps, x_taps, from, dst, how.region, how.threads);
          });
    }
  }
}

TEST(Resize, EveryVariantMatchesTheOracleInEveryArrangement) {
  check({1, 1, 1, 1}, 1, 1);
  check({1, 1, 1, 3}, 4, 5);
  check({2, 3, 4, 3}, 12, 16);
  check({1, 5, 7, 17}, 5, 7);
  check({1, 5, 7, 17}, 10, 21);
  check({1, 9, 11, 4}, 4, 3);
  check({1, 7, 5, 64}, 11, 3);
  check({1, 4, 6, 33}, 1, 1);
  check({1, 2, 3, 2}, 31, 37);
  check({1, 19, 31, 16}, 38, 62);
}

TEST(Resize, EveryTailOfAChannelCount) {
  for (int c = 1; c <= 35; ++c) check({1, 2, 3, c}, 3, 5);
}

TEST(Resize, TapsStayInTheMapAndWeighOne) {
  for (const ResizeMode mode : kModes) {
    for (int in = 1; in <= 40; ++in) {
      for (int out = 1; out <= 90; ++out) {
        int before = 0;
        for (const ResizeTap& tap : resize_taps(mode, in, out)) {
          ASSERT_TRUE(before <= tap.lo && tap.lo <= tap.hi && tap.hi <= tap.lo + 1 && tap.hi < in);
          ASSERT_TRUE(tap.lo_weight >= 0 && tap.hi_weight >= 0 && (tap.hi != tap.lo || tap.hi_weight == 0));
          ASSERT_NEAR(static_cast<double>(tap.lo_weight) + tap.hi_weight, 1, 0x1p-24);
          before = tap.lo;
        }
      }
    }
  }
}

TEST(Resize, IsTorchs) {
  // x = torch.arange(12.).reshape(1, 1, 3, 4) ** 2; interpolate(x, size, mode=, align_corners=)
  std::vector<float> src(12);
  for (size_t i = 0; i < src.size(); ++i) src[i] = static_cast<float>(i * i);
  const struct {
    ResizeMode mode;
    int oh, ow;
    std::vector<float> want;
  } cases[] = {
      {ResizeMode::nearest, 2, 6, {0, 0, 1, 4, 4, 9, 16, 16, 25, 36, 36, 49}},
      {ResizeMode::bilinear,
       5,
       3,
       {0.1666666865348816f, 2.5f, 8.166667938232422f, 7.100000381469727f, 13.700000762939453f,
        23.633337020874023f, 17.5f, 30.5f, 46.833335876464844f, 47.100006103515625f, 66.50000762939453f,
        89.23335266113281f, 66.83333587646484f, 90.49999237060547f, 117.5f}},
      {ResizeMode::bilinear,
       2,
       6,
       {4.0f, 5.5f, 7.833333969116211f, 11.166666984558105f, 15.5f, 19.0f, 52.0f, 59.5f, 69.83333587646484f,
        81.16666412353516f, 93.5f, 103.0f}},
      {ResizeMode::bilinear_align_corners,
       5,
       3,
       {0.0f, 2.5f, 9.0f, 8.0f, 16.5f, 29.0f, 16.0f, 30.5f, 49.0f, 40.0f, 60.5f, 85.0f, 64.0f, 90.5f,
        121.0f}},
      {ResizeMode::bilinear_align_corners,
       2,
       6,
       {0.0f, 0.6000000238418579f, 1.6000001430511475f, 3.4000000953674316f, 6.000000476837158f, 9.0f, 64.0f,
        74.19999694824219f, 84.80000305175781f, 96.20000457763672f, 108.4000015258789f, 121.0f}},
  };
  for (const auto& line : cases) {
    for (const ResizeVariant& variant : test::runnable(resize_variants())) {
      std::vector<float> dst(line.want.size());
      resize_run(variant, line.mode, resize_taps(line.mode, 3, line.oh), resize_taps(line.mode, 4, line.ow),
                 dense_view(src.data(), 1, 3, 4, 1), dense_view(dst.data(), 1, line.oh, line.ow, 1),
                 {0, 0, line.oh, line.ow}, 1);
      // torch rounds its positions to float: 2^-22 of a pixel here, times the steepest step of 21.
      for (size_t i = 0; i < dst.size(); ++i)
        EXPECT_NEAR(dst[i], line.want[i], 2.5e-5) << variant.name << " " << i;
    }
  }
}

}  // namespace
}  // namespace ink
