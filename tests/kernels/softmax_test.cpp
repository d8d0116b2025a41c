#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/parallel.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/oracles.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

void check(Shape shape, float spread) {
  std::vector<float> src = test::random_floats(shape, 1);
  for (float& value : src) value *= spread;
  const test::Expected want = test::expect_softmax(test::Expected(shape, src));
  for (const SoftmaxVariant& variant : test::runnable(softmax_variants())) {
    SCOPED_TRACE(testing::Message() << variant.name << " " << shape.h << "x" << shape.w << "x" << shape.c
                                    << " spread " << spread);
    std::vector<float> got(shape.size());
    softmax_run(variant, dense_view(src.data(), shape.n, shape.h, shape.w, shape.c),
                dense_view(got.data(), shape.n, shape.h, shape.w, shape.c), shape.whole(), 1);
    ASSERT_TRUE(test::matches(want, got));
    test::expect_same_bits_everywhere(
        shape, src, shape, got, [](Rect region) { return region; },
        [&](const Arrangement& how, View<const float> from, View<float> dst) {
          softmax_run(variant, from, dst, how.region, how.threads);
        });
  }
}

TEST(Softmax, EveryVariantMatchesTheOracleInEveryArrangement) {
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 3}, Shape{2, 4, 7, 17}, Shape{1, 37, 61, 5},
                             Shape{1, 1, 1, 1000}, Shape{1, 1, 2, 9176}}) {
    check(shape, 1);
    check(shape, 60);
  }
}

TEST(Softmax, EveryTailOfAChannelCount) {
  with_workers(4, [] {
    for (int c = 1; c <= 140; ++c) check({1, 1, 2, c}, 10);
  });
}

TEST(Softmax, HugeValuesDoNotOverflowAndNanSpreads) {
  for (const SoftmaxVariant& variant : test::runnable(softmax_variants())) {
    std::vector<float> values(21, -3e38f);
    values[7] = values[20] = 3e38f;
    variant.row({values.data(), values.data(), 1, 21, 21, 21});
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], i == 7 || i == 20 ? 0.5 : 0, 2e-38) << variant.name;
    for (const float bad : {NAN, INFINITY}) {
      for (const size_t at : {0, 3, 20}) {
        std::vector<float> row(21, 1.0f);
        row[at] = bad;
        variant.row({row.data(), row.data(), 1, 21, 21, 21});
        for (const float value : row)
          EXPECT_TRUE(std::isnan(value)) << variant.name << " " << bad << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace ink
