#include "pictures/channels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace ink {
namespace {

Picture random_picture(int w, int h, int channels, unsigned seed) {
  Picture picture{w, h, channels, std::vector<uint8_t>(static_cast<size_t>(w * h * channels))};
  std::mt19937 random(seed);
  for (uint8_t& value : picture.pixels) value = static_cast<uint8_t>(random());
  return picture;
}

TEST(Channels, ToRgbAndBackIsTheSamePicture) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (int w = 1; w <= 9; ++w) {
      const Picture picture = random_picture(w, 5, channels, static_cast<unsigned>(w));
      const std::vector<uint8_t> alpha = alpha_plane(picture);
      EXPECT_EQ(alpha.size(), has_alpha(channels) ? static_cast<size_t>(w * 5) : 0u);
      const Picture rgb = to_rgb(picture);
      ASSERT_EQ(rgb.channels, 3);
      ASSERT_EQ(rgb.pixels.size(), static_cast<size_t>(w * 5 * 3));
      const Picture back = from_rgb(rgb, channels, alpha);
      EXPECT_EQ(back.channels, channels);
      EXPECT_EQ(back.pixels, picture.pixels);
    }
  }
}

TEST(Channels, GrayIsTheRoundedMean) {
  const Picture rgb{4, 1, 3, {0, 0, 1, 0, 1, 1, 10, 20, 31, 255, 255, 255}};
  EXPECT_EQ(from_rgb(rgb, 1, {}).pixels, (std::vector<uint8_t>{0, 1, 20, 255}));
}

TEST(Channels, TransparentPixelsTakeTheNearestVisibleColour) {
  // One visible pixel: its colour fills everything, at any distance.
  Picture picture{31, 17, 4, std::vector<uint8_t>(31 * 17 * 4, 0)};
  for (size_t i = 0; i < 31 * 17; ++i) picture.pixels[i * 4 + 1] = 200;  // garbage under the transparency
  const uint8_t visible[] = {7, 8, 9, 1};
  std::copy(std::begin(visible), std::end(visible), &picture.pixels[(5 * 31 + 20) * 4]);
  fill_transparent(picture);
  for (size_t i = 0; i < 31 * 17; ++i) {
    ASSERT_EQ(picture.pixels[i * 4], 7) << i;
    ASSERT_EQ(picture.pixels[i * 4 + 1], 8) << i;
    ASSERT_EQ(picture.pixels[i * 4 + 2], 9) << i;
    ASSERT_EQ(picture.pixels[i * 4 + 3], i == 5 * 31 + 20 ? 1 : 0);
  }
}

TEST(Channels, ARingIsTheMeanOfTheRingBefore) {
  // Gray and alpha in a row: 100, hidden x4, 10.
  Picture picture{6, 1, 2, {100, 255, 1, 0, 2, 0, 3, 0, 4, 0, 10, 128}};
  fill_transparent(picture);
  EXPECT_EQ(picture.pixels, (std::vector<uint8_t>{100, 255, 100, 0, 100, 0, 10, 0, 10, 0, 10, 128}));
  // Three: the middle has both as neighbours; (100 + 11) / 2 rounds up.
  Picture odd{3, 1, 2, {100, 255, 1, 0, 11, 255}};
  fill_transparent(odd);
  EXPECT_EQ(odd.pixels[2], 56);
}

TEST(Channels, VisiblePixelsAndAlphaAreNeverTouched) {
  Picture picture = random_picture(40, 30, 4, 1);
  for (size_t i = 0; i < 1200; ++i) picture.pixels[i * 4 + 3] = i % 3 == 0 ? uint8_t{0} : uint8_t{90};
  const Picture before = picture;
  fill_transparent(picture);
  for (size_t i = 0; i < 1200; ++i) {
    ASSERT_EQ(picture.pixels[i * 4 + 3], before.pixels[i * 4 + 3]);
    if (i % 3 == 0) continue;
    for (size_t c = 0; c < 3; ++c) ASSERT_EQ(picture.pixels[i * 4 + c], before.pixels[i * 4 + c]);
  }
}

TEST(Channels, NothingVisibleOrNoAlphaChangesNothing) {
  Picture hidden = random_picture(5, 5, 2, 2);
  for (size_t i = 0; i < 25; ++i) hidden.pixels[i * 2 + 1] = 0;
  const Picture before = hidden;
  fill_transparent(hidden);
  EXPECT_EQ(hidden.pixels, before.pixels);
  Picture rgb = random_picture(5, 5, 3, 3);
  const Picture rgb_before = rgb;
  fill_transparent(rgb);
  EXPECT_EQ(rgb.pixels, rgb_before.pixels);
}

}  // namespace
}  // namespace ink
