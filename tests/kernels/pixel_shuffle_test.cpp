#include "kernels/pixel_shuffle/pixel_shuffle.h"

#include <gtest/gtest.h>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

void check(int n, int h, int w, int c, int r) {
  const Shape src_shape{n, h, w, c * r * r}, dst_shape{n, h * r, w * r, c};
  const std::vector<float> src = test::random_floats(src_shape, 1);
  std::vector<float> want(dst_shape.size());
  for (int image = 0; image < n; ++image) {
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) {
        for (int k = 0; k < src_shape.c; ++k) {
          const int dx = k % r, dy = k / r % r, channel = k / (r * r);
          want[dst_shape.index(image, y * r + dy, x * r + dx, channel)] =
              src[src_shape.index(image, y, x, k)];
        }
      }
    }
  }
  for (const PixelShuffleVariant& variant : test::runnable(pixel_shuffle_variants())) {
    SCOPED_TRACE(testing::Message() << variant.name << " " << h << "x" << w << "x" << c << " by " << r);
    test::expect_same_bits_everywhere(
        src_shape, src, dst_shape, want, [&](Rect region) { return pixel_shuffle_source(r, region); },
        [&](const Arrangement& how, View<const float> from, View<float> dst) {
          pixel_shuffle_run(variant, r, from, dst, how.region, how.threads);
        });
  }
}

TEST(PixelShuffle, EveryVariantMovesEveryValueInEveryArrangement) {
  for (const int r : {1, 2, 3, 4, 5, 7, 8, 9}) {
    for (const int c : {1, 2, 3, 4, 5, 8, 17}) check(1, 2, 3, c, r);
  }
  check(2, 3, 4, 3, 2);
  check(1, 1, 1, 3, 2);
  check(1, 5, 9, 64, 2);
  check(1, 37, 31, 8, 2);
}

TEST(PixelShuffle, IsTorchs) {
  // torch.nn.PixelShuffle(2)(torch.arange(8.).reshape(1, 8, 1, 1)), channels last
  const std::vector<float> src{0, 1, 2, 3, 4, 5, 6, 7}, want{0, 4, 1, 5, 2, 6, 3, 7};
  for (const PixelShuffleVariant& variant : test::runnable(pixel_shuffle_variants())) {
    std::vector<float> dst(8);
    pixel_shuffle_run(variant, 2, dense_view(src.data(), 1, 1, 1, 8), dense_view(dst.data(), 1, 2, 2, 2),
                      {0, 0, 2, 2}, 1);
    EXPECT_EQ(dst, want) << variant.name;
  }
}

}  // namespace
}  // namespace ink
