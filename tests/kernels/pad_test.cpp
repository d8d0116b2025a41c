#include "kernels/pad/pad.h"

#include <gtest/gtest.h>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

// Walks from the origin one step at a time and turns round at the edges.
int walk(PadMode mode, int i, int size) {
  if (mode == PadMode::zero) return i >= 0 && i < size ? i : -1;
  int at = 0, step = i < 0 ? -1 : 1;
  for (int k = 0; k < std::abs(i) && size > 1; ++k) {
    const bool outside = at + step < 0 || at + step >= size;
    if (outside && mode == PadMode::edge) break;
    if (outside) step = -step;
    at += step;
  }
  return at;
}

constexpr PadMode kModes[] = {PadMode::zero, PadMode::reflect, PadMode::edge};

struct Case {
  Shape src;
  int top, left, bottom, right;
};

void check(const Case& test_case, PadMode mode) {
  const Shape src_shape = test_case.src;
  const Shape dst_shape{src_shape.n, src_shape.h + test_case.top + test_case.bottom,
                        src_shape.w + test_case.left + test_case.right, src_shape.c};
  SCOPED_TRACE(testing::Message() << pad_mode_name(mode) << " " << src_shape.h << "x" << src_shape.w << "x"
                                  << src_shape.c << " by " << test_case.top << " " << test_case.left << " "
                                  << test_case.bottom << " " << test_case.right);
  const std::vector<float> src = test::random_floats(src_shape, 1);
  std::vector<float> want(dst_shape.size());
  for (int n = 0; n < dst_shape.n; ++n) {
    for (int y = 0; y < dst_shape.h; ++y) {
      for (int x = 0; x < dst_shape.w; ++x) {
        const int sy = walk(mode, y - test_case.top, src_shape.h),
                  sx = walk(mode, x - test_case.left, src_shape.w);
        for (int c = 0; c < dst_shape.c; ++c) {
          want[dst_shape.index(n, y, x, c)] = sy < 0 || sx < 0 ? 0 : src[src_shape.index(n, sy, sx, c)];
        }
      }
    }
  }
  for (const PadVariant& variant : test::runnable(pad_variants())) {
    test::expect_same_bits_everywhere(
        src_shape, src, dst_shape, want,
        [&](Rect region) {
          return pad_source(mode, test_case.top, test_case.left, src_shape.h, src_shape.w, region);
        },
        [&](const Arrangement& how, View<const float> from, View<float> dst) {
          pad_run(variant, mode, test_case.top, test_case.left, from, dst, how.region, how.threads);
        });
  }
}

TEST(Pad, MatchesAWalkAlongTheMapInEveryArrangement) {
  const Case cases[] = {
      {{1, 1, 1, 1}, 0, 0, 0, 0},   {{1, 1, 1, 3}, 5, 4, 3, 2},     {{2, 2, 2, 3}, 1, 1, 1, 1},
      {{1, 2, 3, 5}, 9, 11, 8, 7},  {{1, 3, 4, 1}, 2, 3, 2, 3},     {{2, 5, 7, 17}, 18, 18, 18, 18},
      {{1, 6, 6, 4}, 0, 3, 2, 0},   {{1, 8, 9, 3}, -2, -3, -1, -4}, {{1, 8, 9, 3}, -2, 3, 4, -1},
      {{1, 5, 6, 2}, -4, -5, 0, 0}, {{1, 31, 55, 16}, 3, 3, 3, 3},  {{1, 4, 5, 2}, -4, -3, 9, 12}};
  for (const Case& test_case : cases) {
    for (const PadMode mode : kModes) check(test_case, mode);
  }
}

TEST(Pad, ReflectionIsNumpys) {
  // numpy.pad(numpy.arange(n), 7, mode="reflect")
  const struct {
    int size;
    std::vector<int> want;
  } cases[] = {
      {1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {2, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}},
      {3, {1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1}},
      {4, {1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2}},
  };
  for (const auto& line : cases) {
    for (size_t i = 0; i < line.want.size(); ++i) {
      EXPECT_EQ(pad_index(PadMode::reflect, static_cast<int>(i) - 7, line.size), line.want[i])
          << line.size << " " << i;
    }
  }
}

}  // namespace
}  // namespace ink
