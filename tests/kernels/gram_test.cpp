#include "kernels/gram/gram.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/parallel.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/oracles.h"

namespace ink {
namespace {

using test::GuardedFloats;
using test::Layout;
using test::Shape;
using test::TestMap;

void check(Shape shape) {
  const std::vector<float> src = test::random_floats(shape, 1);
  const test::Expected want = test::expect_gram(test::Expected(shape, src));
  const int c = shape.c;
  for (const GramVariant& variant : test::runnable(gram_variants())) {
    SCOPED_TRACE(testing::Message() << variant.name << " " << shape.n << "x" << shape.h << "x" << shape.w
                                    << "x" << c);
    std::vector<double> scratch(gram_scratch_bytes(c) / sizeof(double));
    std::vector<float> got(want.values.size(), NAN);
    gram_run(variant, dense_view(src.data(), shape.n, shape.h, shape.w, c),
             dense_view(got.data(), shape.n, 1, c, c), {0, 0, 1, c}, scratch.data(), 1);
    ASSERT_TRUE(test::matches(want, got));
    for (const Layout layout : {Layout::dense, Layout::crop, Layout::slice}) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        const Rect part{0, c / 3, 1, c - c / 4};
        TestMap<float> from(shape, shape.whole(), layout, side);
        TestMap<float> dst({shape.n, 1, c, c}, part, layout, side);
        from.fill(src, shape.whole());
        gram_run(variant, View<const float>(from.view()), dst.view(), part, scratch.data(), 3);
        ASSERT_TRUE(dst.equals(got, part) && dst.untouched_outside(part));
        ASSERT_TRUE(from.equals(src, shape.whole()) && from.untouched_outside(shape.whole()));
      }
    }
  }
}

TEST(Gram, EveryVariantMatchesTheOracle) {
  with_workers(4, [] {
    for (int c = 1; c <= 70; ++c) check({1, 2, 3, c});
  });
  for (const Shape& shape :
       {Shape{2, 1, 1, 9}, Shape{1, 3, 129, 17}, Shape{2, 2, 256, 33}, Shape{1, 5, 7, 100}}) {
    check(shape);
  }
}

TEST(Gram, IsSymmetricAndTheSameOnAnyNumberOfThreads) {
  const Shape shape{1, 9, 150, 77};
  const std::vector<float> src = test::random_floats(shape, 2);
  std::vector<double> scratch(77 * 77);
  for (const GramVariant& variant : test::runnable(gram_variants())) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 7}) {
      std::vector<float> got(77 * 77);
      gram_run(variant, dense_view(src.data(), 1, 9, 150, 77), dense_view(got.data(), 1, 1, 77, 77),
               {0, 0, 1, 77}, scratch.data(), threads);
      if (first.empty()) first = got;
      ASSERT_EQ(got, first) << variant.name << " threads " << threads;
    }
    for (size_t i = 0; i < 77; ++i) {
      for (size_t j = 0; j < 77; ++j) ASSERT_EQ(first[i * 77 + j], first[j * 77 + i]);
    }
  }
}

TEST(RowMax, TakesTheLargestOfEachPixelAndKeepsNan) {
  const float src[] = {1, 5,   2, -7,        -3,        -9,        NAN, 1, 2,
                       4, NAN, 9, -INFINITY, -INFINITY, -INFINITY, 3,   2, INFINITY};
  float dst[6];
  row_max_run(dense_view(src, 1, 2, 3, 3), dense_view(dst, 1, 1, 1, 6));
  EXPECT_EQ(dst[0], 5);
  EXPECT_EQ(dst[1], -3);
  EXPECT_TRUE(std::isnan(dst[2]) && std::isnan(dst[3]));
  EXPECT_EQ(dst[4], -INFINITY);
  EXPECT_EQ(dst[5], INFINITY);
}

}  // namespace
}  // namespace ink
