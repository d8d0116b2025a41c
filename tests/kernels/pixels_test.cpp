#include "kernels/pixels/pixels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;

struct Scale {
  float factor, offset;  // the divisor or the gain
};
constexpr Scale kScales[] = {
    {1, 0}, {255, 0}, {static_cast<float>(255 / 0.7), 0.15f}, {127.5f, -1}, {0.37f, 0.5f}};

constexpr Scale kScales16[] = {{1, 0}, {65535, 0}, {static_cast<float>(65535 / 0.7), 0.15f}, {32767.5f, -1}};

// A double holds the exact quotient of two floats closely enough that rounding it gives the float division.
float rounded(double value) { return static_cast<float>(value); }

float from_u8_oracle(uint8_t sample, Scale scale) {
  const float quotient = rounded(static_cast<double>(sample) / static_cast<double>(scale.factor));
  return rounded(static_cast<double>(quotient) + static_cast<double>(scale.offset));
}

template <class Sample>
Sample to_oracle(float value, Scale scale) {
  constexpr int kWhite = std::numeric_limits<Sample>::max();
  const float shifted = rounded(static_cast<double>(value) - static_cast<double>(scale.offset));
  const double scaled = rounded(static_cast<double>(shifted) * static_cast<double>(scale.factor));
  if (std::isnan(scaled) || scaled <= 0) return 0;
  if (scaled >= kWhite) return kWhite;
  const int floor = static_cast<int>(scaled);
  const double rest = scaled - floor;
  const bool up = rest > 0.5 || (rest == 0.5 && floor % 2 == 1);
  return static_cast<Sample>(floor + (up ? 1 : 0));
}

std::vector<uint8_t> random_bytes(Shape shape) {
  std::vector<uint8_t> bytes(shape.size());
  const std::vector<float> values = test::random_floats(shape, 1);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>((values[i] + 1) * 128);
  return bytes;
}

const Shape kShapes[] = {{1, 1, 1, 1},  {1, 3, 5, 3},  {2, 4, 7, 3},  {1, 5, 6, 4},
                         {1, 4, 3, 17}, {1, 3, 4, 64}, {1, 90, 71, 3}};

TEST(Pixels, FromBytesIsExactInEveryArrangement) {
  for (const Shape& shape : kShapes) {
    const std::vector<uint8_t> src = random_bytes(shape);
    for (const Scale& scale : kScales) {
      std::vector<float> want(shape.size());
      for (size_t i = 0; i < want.size(); ++i) want[i] = from_u8_oracle(src[i], scale);
      for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
        SCOPED_TRACE(testing::Message()
                     << variant.name << " " << shape.h << "x" << shape.w << "x" << shape.c);
        test::expect_same_bits_everywhere(
            shape, src, shape, want, [](Rect region) { return region; },
            [&](const Arrangement& how, View<const uint8_t> from, View<float> dst) {
              from_u8_run(variant, scale.factor, scale.offset, from, dst, how.region, how.threads);
            });
      }
    }
  }
}

// What the tests of both depths share: run(variant, scale, src, dst, region, threads).
template <class Sample, class Run>
void expect_exact_in_every_arrangement(const std::vector<Scale>& scales, Run run) {
  constexpr float kWhite = std::numeric_limits<Sample>::max();
  for (const Shape& shape : kShapes) {
    const std::vector<float> noise = test::random_floats(shape, 2);
    for (const Scale& scale : scales) {
      std::vector<float> src(shape.size());
      // A little more than the range of samples on both sides.
      for (size_t i = 0; i < src.size(); ++i)
        src[i] = (noise[i] * 0.6f + 0.5f) * kWhite / scale.factor + scale.offset;
      std::vector<Sample> want(shape.size());
      for (size_t i = 0; i < want.size(); ++i) want[i] = to_oracle<Sample>(src[i], scale);
      for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
        SCOPED_TRACE(testing::Message()
                     << variant.name << " " << shape.h << "x" << shape.w << "x" << shape.c);
        test::expect_same_bits_everywhere(
            shape, src, shape, want, [](Rect region) { return region; },
            [&](const Arrangement& how, View<const float> from, View<Sample> dst) {
              run(variant, scale, from, dst, how.region, how.threads);
            });
      }
    }
  }
}

TEST(Pixels, ToBytesIsExactInEveryArrangement) {
  expect_exact_in_every_arrangement<uint8_t>(
      {std::begin(kScales), std::end(kScales)},
      [](const PixelsVariant& variant, Scale scale, View<const float> src, View<uint8_t> dst, Rect region,
         int threads) { to_u8_run(variant, scale.offset, scale.factor, src, dst, region, threads); });
}

TEST(Pixels, To16BitsIsExactInEveryArrangement) {
  expect_exact_in_every_arrangement<uint16_t>(
      {std::begin(kScales16), std::end(kScales16)},
      [](const PixelsVariant& variant, Scale scale, View<const float> src, View<uint16_t> dst, Rect region,
         int threads) { to_u16_run(variant, scale.offset, scale.factor, src, dst, region, threads); });
}

TEST(Pixels, EveryTailOfARow) {
  for (int count = 1; count <= 67; ++count) {
    const Shape shape{1, 1, 1, count};
    const std::vector<uint8_t> bytes = random_bytes(shape);
    std::vector<float> floats(shape.size()), wide_floats(shape.size());
    for (size_t i = 0; i < bytes.size(); ++i) floats[i] = bytes[i];
    for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
      test::expect_same_bits_everywhere(
          shape, bytes, shape, floats, [](Rect region) { return region; },
          [&](const Arrangement& how, View<const uint8_t> from, View<float> dst) {
            from_u8_run(variant, 1, 0, from, dst, how.region, how.threads);
          });
      test::expect_same_bits_everywhere(
          shape, floats, shape, bytes, [](Rect region) { return region; },
          [&](const Arrangement& how, View<const float> from, View<uint8_t> dst) {
            to_u8_run(variant, 0, 1, from, dst, how.region, how.threads);
          });
      std::vector<uint16_t> wide(shape.size());
      for (size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<uint16_t>(bytes[i] * 251 + 3);
      for (size_t i = 0; i < wide.size(); ++i) wide_floats[i] = wide[i];
      test::expect_same_bits_everywhere(
          shape, wide_floats, shape, wide, [](Rect region) { return region; },
          [&](const Arrangement& how, View<const float> from, View<uint16_t> dst) {
            to_u16_run(variant, 0, 1, from, dst, how.region, how.threads);
          });
    }
  }
}

// run(variant, scale, src, dst, count) on every value at which a sample turns into the next one.
template <class Sample, class Run>
void expect_exact_round_every_tie(const std::vector<Scale>& scales, int step, Run run) {
  constexpr int kWhite = std::numeric_limits<Sample>::max();
  for (const Scale& scale : scales) {
    std::vector<float> values = {0.0f,  -0.0f,  NAN,    -NAN,       INFINITY, -INFINITY,
                                 3e38f, -3e38f, 1e-40f, 2.14748e9f, 5e9f};
    // There the last bit of each operation decides.
    for (int k = -1; k <= kWhite + 1; k += k < 100 || k > kWhite - 100 ? 1 : step) {
      float value = (static_cast<float>(k) + 0.5f) / scale.factor + scale.offset;
      for (int back = 0; back < 8; ++back) value = std::nextafter(value, -INFINITY);
      for (int on = 0; on < 16; ++on, value = std::nextafter(value, INFINITY)) values.push_back(value);
    }
    for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
      for (const float value : values) {
        const std::vector<float> src(37, value);
        std::vector<Sample> dst(37, 77);
        run(variant, scale, src.data(), dst.data(), 37);
        ASSERT_EQ(dst, std::vector<Sample>(37, to_oracle<Sample>(value, scale)))
            << variant.name << " " << value << " " << scale.factor;
      }
    }
  }
}

TEST(Pixels, TiesLimitsAndNanInEveryLane) {
  expect_exact_round_every_tie<uint8_t>(
      {std::begin(kScales), std::end(kScales)}, 1,
      [](const PixelsVariant& variant, Scale scale, const float* src, uint8_t* dst, int64_t count) {
        variant.to_u8({src, dst, count, scale.offset, scale.factor});
      });
}

TEST(Pixels, TiesLimitsAndNanInEveryLaneOf16Bits) {
  expect_exact_round_every_tie<uint16_t>(
      {std::begin(kScales16), std::end(kScales16)}, 331,
      [](const PixelsVariant& variant, Scale scale, const float* src, uint16_t* dst, int64_t count) {
        variant.to_u16({src, dst, count, scale.offset, scale.factor});
      });
}

TEST(Pixels, EveryByteReturnsUnchanged) {
  std::vector<uint8_t> bytes(256), back(256);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
    for (const Scale& scale : {Scale{255, 0}, Scale{static_cast<float>(255 / 0.7), 0.15f}}) {
      std::vector<float> floats(256);
      variant.from_u8({bytes.data(), floats.data(), 256, scale.factor, scale.offset});
      variant.to_u8({floats.data(), back.data(), 256, scale.offset, scale.factor});
      EXPECT_EQ(back, bytes) << variant.name;
    }
  }
}

TEST(Pixels, IsTorchs) {
  // x = torch.tensor([1, 2, 77, 128, 200, 254], dtype=torch.uint8).float(); x / 255, x / (255 / 0.7) + 0.15
  const std::vector<uint8_t> bytes{1, 2, 77, 128, 200, 254};
  const uint32_t plain[] = {0x3b808081, 0x3c008081, 0x3e9a9a9b, 0x3f008081, 0x3f48c8c9, 0x3f7efeff};
  const uint32_t narrow[] = {0x3e1c6936, 0x3e1f38d3, 0x3eb905d3, 0x3f0059f4, 0x3f32f2f4, 0x3f58e5b2};
  for (const PixelsVariant& variant : test::runnable(pixels_variants())) {
    float dst[6];
    variant.from_u8({bytes.data(), dst, 6, 255, 0});
    for (size_t i = 0; i < 6; ++i)
      EXPECT_EQ(std::bit_cast<uint32_t>(dst[i]), plain[i]) << variant.name << " " << i;
    variant.from_u8({bytes.data(), dst, 6, static_cast<float>(255 / 0.7), 0.15f});
    for (size_t i = 0; i < 6; ++i)
      EXPECT_EQ(std::bit_cast<uint32_t>(dst[i]), narrow[i]) << variant.name << " " << i;
  }
}

}  // namespace
}  // namespace ink
