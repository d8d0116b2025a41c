#include "pictures/channels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <type_traits>

namespace ink {
namespace {

Picture random_picture(int w, int h, int channels, unsigned seed, int depth = 8) {
  Picture picture{w, h, channels, {}, depth};
  std::mt19937 random(seed);
  visit_samples(picture, [&](auto& samples) {
    samples.resize(sample_count(picture));
    for (auto& value : samples) value = static_cast<std::remove_reference_t<decltype(value)>>(random());
  });
  return picture;
}

// The same picture with every sample times 257.
Picture widened(const Picture& picture) {
  Picture wide{picture.w, picture.h, picture.channels, {}, 16};
  for (const int value : picture.pixels) wide.pixels16.push_back(static_cast<uint16_t>(value * 257));
  return wide;
}

TEST(Channels, ToRgbAndBackIsTheSamePicture) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (int w = 1; w <= 9; ++w) {
      for (const int depth : {8, 16}) {
        const Picture picture = random_picture(w, 5, channels, static_cast<unsigned>(w), depth);
        const Picture alpha = alpha_plane(picture);
        EXPECT_EQ(alpha.pixels.size() + alpha.pixels16.size(),
                  has_alpha(channels) ? static_cast<size_t>(w * 5) : 0u);
        const Picture rgb = to_rgb(picture);
        ASSERT_EQ(rgb.channels, 3);
        ASSERT_EQ(rgb.pixels.size() + rgb.pixels16.size(), static_cast<size_t>(w * 5 * 3));
        const Picture back = from_rgb(rgb, channels, alpha);
        EXPECT_EQ(back.channels, channels);
        EXPECT_EQ(back.pixels, picture.pixels);
        EXPECT_EQ(back.pixels16, picture.pixels16);
      }
    }
  }
}

TEST(Channels, GrayIsTheRoundedMean) {
  const Picture rgb{4, 1, 3, {0, 0, 1, 0, 1, 1, 10, 20, 31, 255, 255, 255}};
  EXPECT_EQ(from_rgb(rgb, 1, {}).pixels, (std::vector<uint8_t>{0, 1, 20, 255}));
  const Picture deep{2, 1, 3, {}, 16, {65535, 65535, 65535, 1000, 2000, 3001}};
  EXPECT_EQ(from_rgb(deep, 1, {}).pixels16, (std::vector<uint16_t>{65535, 2000}));
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

TEST(Channels, SixteenBitsAreFilledAsEight) {
  Picture picture = random_picture(23, 19, 4, 8);
  for (size_t i = 0; i < 23 * 19; ++i) {
    if (i % 4 != 0) picture.pixels[i * 4 + 3] = 0;
  }
  Picture wide = widened(picture);
  fill_transparent(picture);
  fill_transparent(wide);
  // Eight bits round at every ring, sixteen less.
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    EXPECT_NEAR(wide.pixels16[i] / 257.0, picture.pixels[i], 1.5) << i;
  }
  Picture odd{3, 1, 2, {}, 16, {40000, 65535, 1, 0, 50001, 1}};
  fill_transparent(odd);
  EXPECT_EQ(odd.pixels16, (std::vector<uint16_t>{40000, 65535, 45001, 0, 50001, 1}));
}

TEST(Channels, DepthsRoundToTheNearest) {
  Picture every{256, 256, 1, {}, 16};
  for (int value = 0; value < 65536; ++value) every.pixels16.push_back(static_cast<uint16_t>(value));
  const Picture narrow = to_depth(every, 8);
  EXPECT_EQ(narrow.depth, 8);
  EXPECT_TRUE(narrow.pixels16.empty());
  ASSERT_EQ(narrow.pixels.size(), 65536u);
  for (int value = 0; value < 65536; ++value) {
    ASSERT_EQ(narrow.pixels[static_cast<size_t>(value)], (value * 2 + 257) / 514) << value;
  }
  const Picture wide = to_depth(narrow, 16);
  EXPECT_TRUE(wide.pixels.empty());
  for (size_t i = 0; i < 65536; ++i) ASSERT_EQ(wide.pixels16[i], narrow.pixels[i] * 257);
  EXPECT_EQ(to_depth(wide, 8).pixels, narrow.pixels);
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
