#include "models/image/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "pictures/png.h"

namespace ink {
namespace {

Picture read_golden(const std::string& name) {
  const std::string path = std::string(INK_GOLDENS_DIR) + "/bicubic/" + name;
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  auto picture = decode_png(std::as_bytes(std::span(bytes)), path, {});
  EXPECT_TRUE(picture.ok()) << path;
  return picture.ok() ? std::move(picture).value() : Picture{};
}

std::vector<uint8_t> resize(const std::vector<uint8_t>& src, int w, int h, int channels, int ow, int oh,
                            int threads = 1) {
  std::vector<uint8_t> dst(static_cast<size_t>(ow) * static_cast<size_t>(oh) * static_cast<size_t>(channels));
  resize_bicubic(src.data(), w, h, channels, dst.data(), ow, oh, threads);
  return dst;
}

std::vector<uint8_t> noise(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> values(static_cast<size_t>(count));
  for (uint8_t& value : values) value = static_cast<uint8_t>(random());
  return values;
}

TEST(ResizeBicubic, EqualsPillowToTheBit) {
  std::ifstream manifest(std::string(INK_GOLDENS_DIR) + "/bicubic/manifest.txt");
  std::string input, output;
  int scale = 0, pictures = 0;
  for (; manifest >> input >> scale >> output; ++pictures) {
    const Picture src = read_golden(input), want = read_golden(output);
    ASSERT_EQ(want.channels, src.channels) << output;
    ASSERT_EQ(want.w, src.w * scale) << output;
    ASSERT_EQ(want.h, src.h * scale) << output;
    EXPECT_EQ(resize(src.pixels, src.w, src.h, src.channels, want.w, want.h), want.pixels) << output;
  }
  EXPECT_GE(pictures, 12);
}

TEST(ResizeBicubic, Of16BitsEqualsPillowToTheBit) {
  std::ifstream manifest(std::string(INK_GOLDENS_DIR) + "/bicubic/manifest16.txt");
  std::string input, output;
  int scale = 0, pictures = 0;
  for (; manifest >> input >> scale >> output; ++pictures) {
    const Picture src = read_golden(input), want = read_golden(output);
    ASSERT_EQ(src.depth, 16);
    ASSERT_EQ(std::pair(want.w, want.h), std::pair(src.w * scale, src.h * scale)) << output;
    for (const int threads : {1, 3}) {
      std::vector<uint16_t> got(want.pixels16.size());
      resize_bicubic(src.pixels16.data(), src.w, src.h, src.channels, got.data(), want.w, want.h, threads);
      EXPECT_EQ(got, want.pixels16) << output;
    }
  }
  EXPECT_GE(pictures, 12);
}

TEST(ResizeBicubic, SameSizeIsACopyAndFlatStaysFlat) {
  const std::vector<uint8_t> src = noise(31 * 17 * 2, 1);
  EXPECT_EQ(resize(src, 31, 17, 2, 31, 17), src);
  constexpr int kSizes[] = {1, 2, 3, 7, 64};
  for (const int in : kSizes) {
    for (const int out : kSizes) {
      for (const uint8_t level : {uint8_t{0}, uint8_t{1}, uint8_t{128}, uint8_t{255}}) {
        const std::vector<uint8_t> flat(static_cast<size_t>(in * 3), level);
        for (const uint8_t value : resize(flat, in, 3, 1, out, 5))
          ASSERT_EQ(value, level) << in << " to " << out;
      }
      for (const uint16_t level : {uint16_t{0}, uint16_t{1}, uint16_t{12345}, uint16_t{65535}}) {
        const std::vector<uint16_t> flat(static_cast<size_t>(in * 3), level);
        std::vector<uint16_t> got(static_cast<size_t>(out * 5));
        resize_bicubic(flat.data(), in, 3, 1, got.data(), out, 5, 1);
        EXPECT_EQ(got, std::vector<uint16_t>(got.size(), level)) << in << " to " << out;
      }
    }
  }
}

TEST(ResizeBicubic, ChannelsAndThreadsChangeNothing) {
  const int w = 23, h = 19, ow = 61, oh = 40;
  for (const int channels : {1, 2, 3, 4}) {
    const std::vector<uint8_t> src = noise(w * h * channels, 2);
    const std::vector<uint8_t> all = resize(src, w, h, channels, ow, oh);
    for (const int threads : {2, 3, 8}) EXPECT_EQ(resize(src, w, h, channels, ow, oh, threads), all);
    for (int c = 0; c < channels; ++c) {
      std::vector<uint8_t> plane;
      for (size_t i = static_cast<size_t>(c); i < src.size(); i += static_cast<size_t>(channels)) {
        plane.push_back(src[i]);
      }
      const std::vector<uint8_t> one = resize(plane, w, h, 1, ow, oh);
      for (size_t i = 0; i < one.size(); ++i) {
        ASSERT_EQ(one[i], all[i * static_cast<size_t>(channels) + static_cast<size_t>(c)]);
      }
    }
  }
}

// The filter in plain arithmetic, along one axis: the result is that, rounded.
TEST(ResizeBicubic, FollowsTheCubicAtAnySize) {
  const auto cubic = [](double x) {
    x = std::abs(x);
    if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0.0;
  };
  constexpr int kSizes[][2] = {{1, 4}, {2, 9}, {5, 3}, {40, 7}, {33, 34}, {64, 200}};
  for (const auto& [in, out] : kSizes) {
    std::vector<uint8_t> src = noise(in, 3);
    for (uint8_t& value : src)
      value = static_cast<uint8_t>(64 + value / 2);  // the overshoot stays inside 0..255
    const std::vector<uint8_t> got = resize(src, in, 1, 1, out, 1);
    const double scale = static_cast<double>(in) / out, stretch = std::max(scale, 1.0);
    for (int o = 0; o < out; ++o) {
      double sum = 0, weights = 0;
      for (int i = 0; i < in; ++i) {
        const double weight = cubic((i + 0.5 - (o + 0.5) * scale) / stretch);
        sum += weight * src[static_cast<size_t>(i)];
        weights += weight;
      }
      ASSERT_NEAR(got[static_cast<size_t>(o)], sum / weights, 0.5 + 1e-3)
          << in << " to " << out << " at " << o;
    }
  }
}

}  // namespace
}  // namespace ink
