#include "pictures/png.h"

#include <gtest/gtest.h>

#include <random>
#include <tuple>

#include "tests/pictures/png_builder.h"

namespace ink {
namespace {

using test::Bytes;
using test::operator+;
using test::RawPng;

RawPng random_image(int w, int h, int depth, int colour_type, unsigned seed) {
  RawPng image{w, h, depth, colour_type, false, {}, {}, {}};
  std::mt19937 random(seed);
  const int samples = w * h * test::samples_of(colour_type);
  for (int i = 0; i < samples; ++i) image.samples.push_back(static_cast<int>(random() % (1u << depth)));
  if (colour_type == 3) {
    for (int i = 0; i < (1 << depth) * 3; ++i) image.palette.push_back(static_cast<int>(random() % 256));
  }
  return image;
}

// v * 255 / (2^depth - 1), to the nearest: exact below 8 bits, v / 257 rounded at 16.
int to_8_bits(int value, int depth) {
  const int top = (1 << depth) - 1;
  return (value * 2 * 255 + top) / (2 * top);
}

// What the standard says the pixels are, from the samples alone.
Picture expected(const RawPng& image) {
  const int samples = test::samples_of(image.colour_type);
  const bool transparency = !image.transparency.empty();
  Picture want{image.w, image.h, (image.colour_type == 3 ? 3 : samples) + (transparency ? 1 : 0), {}};
  for (int i = 0; i < image.w * image.h; ++i) {
    const int* pixel = &image.samples[static_cast<size_t>(i * samples)];
    if (image.colour_type == 3) {
      for (int c = 0; c < 3; ++c) {
        want.pixels.push_back(static_cast<uint8_t>(image.palette[static_cast<size_t>(*pixel * 3 + c)]));
      }
      if (!transparency) continue;
      const auto index = static_cast<size_t>(*pixel);
      want.pixels.push_back(
          index < image.transparency.size() ? static_cast<uint8_t>(image.transparency[index]) : uint8_t{255});
      continue;
    }
    bool matches = transparency;
    for (int s = 0; s < samples; ++s) {
      want.pixels.push_back(static_cast<uint8_t>(to_8_bits(pixel[s], image.depth)));
      const auto at = static_cast<size_t>(2 * s);
      if (transparency) matches &= pixel[s] == image.transparency[at] * 256 + image.transparency[at + 1];
    }
    if (transparency) want.pixels.push_back(matches ? 0 : 255);
  }
  return want;
}

void expect_decodes(const RawPng& image, const std::string& what) {
  const Bytes file = test::build_png(image);
  const Picture want = expected(image);
  const auto shape = png_shape(file, "a.png", {});
  ASSERT_TRUE(shape.ok()) << what << ": " << shape.error().message;
  EXPECT_EQ(std::tuple(shape->w, shape->h, shape->channels), std::tuple(want.w, want.h, want.channels))
      << what;
  const auto got = decode_png(file, "a.png", {});
  ASSERT_TRUE(got.ok()) << what << ": " << got.error().message;
  EXPECT_EQ(std::tuple(got->w, got->h, got->channels), std::tuple(want.w, want.h, want.channels)) << what;
  EXPECT_EQ(got->pixels, want.pixels) << what;
}

Bytes encode(const Picture& picture, int level = 6) {
  Bytes file;
  const Status status = encode_png(picture, {level}, [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return Status();
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return file;
}

Picture random_picture(int w, int h, int channels) {
  Picture picture{w, h, channels, std::vector<uint8_t>(static_cast<size_t>(w * h * channels))};
  std::mt19937 random(static_cast<unsigned>(w * 100 + h * 10 + channels));
  for (uint8_t& value : picture.pixels) value = static_cast<uint8_t>(random());
  return picture;
}

constexpr std::pair<int, int> kTypesAndDepths[] = {{0, 1}, {0, 2},  {0, 4},  {0, 8}, {0, 16},
                                                   {2, 8}, {2, 16}, {3, 1},  {3, 2}, {3, 4},
                                                   {3, 8}, {4, 8},  {4, 16}, {6, 8}, {6, 16}};

TEST(Png, DecodesEveryColourTypeAndDepthPlainAndInterlaced) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1}, {1, 9}, {9, 1}, {7, 5}, {8, 8}, {19, 17}};
  for (const auto& [type, depth] : kTypesAndDepths) {
    for (const auto& [w, h] : kSizes) {
      for (const bool interlaced : {false, true}) {
        RawPng image = random_image(w, h, depth, type, static_cast<unsigned>(w * h + depth));
        image.interlaced = interlaced;
        expect_decodes(image, "type " + std::to_string(type) + " depth " + std::to_string(depth) + " size " +
                                  std::to_string(w) + "x" + std::to_string(h) +
                                  (interlaced ? " interlaced" : ""));
      }
    }
  }
}

TEST(Png, RoundsEvery16BitValueToTheNearest) {
  RawPng image{256, 256, 16, 0, false, {}, {}, {}};
  for (int value = 0; value < 65536; ++value) image.samples.push_back(value);
  expect_decodes(image, "all 16-bit values");
}

TEST(Png, TurnsTransparentColoursIntoAlpha) {
  for (const auto& [type, depth] : kTypesAndDepths) {
    if (type > 3) continue;
    RawPng image = random_image(13, 11, depth, type, 5);
    if (type == 3) {
      for (int i = 0; i < (1 << depth) - 1; ++i) image.transparency.push_back(i * 7 % 256);
    } else {
      for (int s = 0; s < test::samples_of(type); ++s) {
        const int value = image.samples[static_cast<size_t>(s)];
        image.transparency.push_back(value / 256);
        image.transparency.push_back(value % 256);
      }
    }
    for (const bool interlaced : {false, true}) {
      image.interlaced = interlaced;
      expect_decodes(image, "type " + std::to_string(type) + " depth " + std::to_string(depth));
    }
  }
}

TEST(Png, KeepsColourUnderZeroAlpha) {
  RawPng image{2, 1, 8, 6, false, {200, 100, 50, 0, 1, 2, 3, 255}, {}, {}};
  expect_decodes(image, "colour under zero alpha");
}

TEST(Png, ReadsDataSplitOverManyChunksWithOthersBetween) {
  const RawPng image = random_image(20, 10, 8, 2, 3);
  const Bytes data = test::deflated(test::raw_rows(image));
  const Bytes text = test::png_chunk("tEXt", test::bytes_of("Comment no pixel depends on this"));
  Bytes file = test::png_signature() + test::png_header(20, 10, 8, 2) + text;
  for (const std::byte byte : data) file = std::move(file) + test::png_chunk("IDAT", {byte});
  file = std::move(file) + test::png_chunk("IDAT", {}) + text + test::png_chunk("IEND", {});
  file = std::move(file) + test::bytes_of("bytes after the end");
  const auto got = decode_png(file, "a.png", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels, expected(image).pixels);
}

TEST(Png, WritesWhatItReads) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1}, {1, 70}, {70, 1}, {33, 47}, {400, 300}};
  for (int channels = 1; channels <= 4; ++channels) {
    for (const auto& [w, h] : kSizes) {
      const Picture picture = random_picture(w, h, channels);
      for (const int level : {0, 1, 6, 9}) {
        const auto got = decode_png(encode(picture, level), "a.png", {});
        ASSERT_TRUE(got.ok()) << got.error().message;
        EXPECT_EQ(std::tuple(got->w, got->h, got->channels), std::tuple(w, h, channels));
        EXPECT_EQ(got->pixels, picture.pixels);
      }
    }
  }
}

TEST(Png, WritesTheHeaderThatTheStandardAsksFor) {
  constexpr int kColourTypes[] = {0, 4, 2, 6};
  for (int channels = 1; channels <= 4; ++channels) {
    const Bytes file = encode(random_picture(5, 3, channels));
    const Bytes want = test::png_signature() + test::png_header(5, 3, 8, kColourTypes[channels - 1]);
    ASSERT_GT(file.size(), want.size());
    EXPECT_EQ(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(want.size())), want);
  }
}

TEST(Png, WritesTheSameBytesEveryTime) {
  const Picture picture = random_picture(120, 90, 3);
  EXPECT_EQ(encode(picture), encode(picture));
}

TEST(Png, ALevelTradesTimeForSize) {
  Picture picture = random_picture(200, 200, 3);
  for (size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<uint8_t>(i / 900);
  EXPECT_LT(encode(picture, 9).size(), encode(picture, 0).size() / 10);
}

TEST(Png, AnErrorOfTheSinkEndsTheWriting) {
  const Picture picture = random_picture(400, 400, 3);
  int calls = 0;
  const Status status = encode_png(picture, {}, [&](std::span<const std::byte>) -> Status {
    if (++calls < 3) return {};
    return Error{ErrorKind::io, "the disk is full"};
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "the disk is full");
  EXPECT_EQ(calls, 3);
}

TEST(Png, AnExceptionOfTheSinkArrives) {
  const Picture picture = random_picture(400, 400, 3);
  const auto throwing = [](std::span<const std::byte>) -> Status { throw std::bad_alloc(); };
  EXPECT_THROW(static_cast<void>(encode_png(picture, {}, throwing)), std::bad_alloc);
}

}  // namespace
}  // namespace ink
