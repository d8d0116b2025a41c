#include "pictures/png.h"

#include <gtest/gtest.h>

#include <random>
#include <tuple>
#include <type_traits>

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

// What the standard says the pixels are, from the samples alone: 16 bits as they are, fewer than 8 widened.
Picture expected(const RawPng& image) {
  const int samples = test::samples_of(image.colour_type);
  const bool transparency = !image.transparency.empty(), palette = image.colour_type == 3;
  Picture want{image.w, image.h, (palette ? 3 : samples) + (transparency ? 1 : 0)};
  want.depth = image.depth == 16 ? 16 : 8;
  const int top = want.depth == 16 ? 65535 : 255, step = palette ? 1 : top / ((1 << image.depth) - 1);
  const auto push = [&](int value) {
    if (want.depth == 16) {
      want.pixels16.push_back(static_cast<uint16_t>(value));
    } else {
      want.pixels.push_back(static_cast<uint8_t>(value));
    }
  };
  for (int i = 0; i < image.w * image.h; ++i) {
    const int* pixel = &image.samples[static_cast<size_t>(i * samples)];
    if (palette) {
      const auto index = static_cast<size_t>(*pixel);
      for (size_t c = 0; c < 3; ++c) push(image.palette[index * 3 + c]);
      if (transparency) push(index < image.transparency.size() ? image.transparency[index] : 255);
      continue;
    }
    bool matches = transparency;
    for (int s = 0; s < samples; ++s) {
      push(pixel[s] * step);
      const auto at = static_cast<size_t>(2 * s);
      if (transparency) matches &= pixel[s] == image.transparency[at] * 256 + image.transparency[at + 1];
    }
    if (transparency) push(matches ? 0 : top);
  }
  return want;
}

auto shape_of(const auto& any) { return std::tuple(any.w, any.h, any.channels, any.depth); }

void expect_decodes(const RawPng& image, const std::string& what) {
  const Bytes file = test::build_png(image);
  const Picture want = expected(image);
  const auto shape = png_shape(file, "a.png", {});
  ASSERT_TRUE(shape.ok()) << what << ": " << shape.error().message;
  EXPECT_EQ(shape_of(*shape), shape_of(want)) << what;
  const auto got = decode_png(file, "a.png", {});
  ASSERT_TRUE(got.ok()) << what << ": " << got.error().message;
  EXPECT_EQ(shape_of(*got), shape_of(want)) << what;
  EXPECT_EQ(got->pixels, want.pixels) << what;
  EXPECT_EQ(got->pixels16, want.pixels16) << what;
}

Bytes encode(const Picture& picture, int level = 6, int threads = 1) {
  Bytes file;
  const Status status = encode_png(picture, {}, {level, threads}, [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return Status();
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return file;
}

Picture random_picture(int w, int h, int channels, int depth = 8) {
  Picture picture{w, h, channels, {}, depth};
  std::mt19937 random(static_cast<unsigned>(w * 100 + h * 10 + channels));
  visit_samples(picture, [&](auto& samples) {
    samples.resize(sample_count(picture));
    for (auto& value : samples) value = static_cast<std::remove_reference_t<decltype(value)>>(random());
  });
  return picture;
}

// What compresses: a ramp with a little noise.
Picture smooth_picture(int w, int h, int channels, int depth) {
  Picture picture{w, h, channels, {}, depth};
  std::mt19937 random(3);
  visit_samples(picture, [&](auto& samples) {
    for (size_t i = 0; i < sample_count(picture); ++i) {
      samples.push_back(static_cast<std::remove_reference_t<decltype(samples[0])>>(i / 700 + random() % 3));
    }
  });
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

TEST(Png, KeepsEvery16BitValue) {
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
  for (const int depth : {8, 16}) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const auto& [w, h] : kSizes) {
        for (const Picture& picture :
             {random_picture(w, h, channels, depth), smooth_picture(w, h, channels, depth)}) {
          for (const int level : {0, 1, 6, 9}) {
            const auto got = decode_png(encode(picture, level), "a.png", {});
            ASSERT_TRUE(got.ok()) << got.error().message;
            EXPECT_EQ(shape_of(*got), shape_of(picture));
            EXPECT_EQ(got->pixels, picture.pixels);
            EXPECT_EQ(got->pixels16, picture.pixels16);
          }
        }
      }
    }
  }
}

TEST(Png, WritesRowsLargerThanABlock) {
  const Picture picture = smooth_picture(32768, 5, 4, 16);
  const auto got = decode_png(encode(picture, 1, 3), "a.png", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels16, picture.pixels16);
}

TEST(Png, ThreadsChangeNoByte) {
  for (const int depth : {8, 16}) {
    for (const Picture& picture :
         {random_picture(700, 1300, 3, depth), smooth_picture(900, 1100, 4, depth)}) {
      const Bytes one = encode(picture, 6, 1);
      for (const int threads : {2, 3, 4, 64}) EXPECT_EQ(encode(picture, 6, threads), one) << threads;
      const auto got = decode_png(one, "a.png", {});
      ASSERT_TRUE(got.ok()) << got.error().message;
      EXPECT_TRUE(got->pixels == picture.pixels && got->pixels16 == picture.pixels16);
    }
  }
}

TEST(Png, FiltersMakeRampsSmall) {
  Picture ramp{300, 300, 3};
  for (int i = 0; i < 300 * 300; ++i) {
    const int x = i % 300, y = i / 300;
    for (const int value : {x + y, 2 * x - y, 3 * y}) ramp.pixels.push_back(static_cast<uint8_t>(value));
  }
  EXPECT_LT(encode(ramp).size(), ramp.pixels.size() / 100);
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

TEST(Png, ALevelTradesTimeForSize) {
  Picture picture = random_picture(200, 200, 3);
  for (size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<uint8_t>(i / 900);
  EXPECT_LT(encode(picture, 9).size(), encode(picture, 0).size() / 10);
}

TEST(Png, AnErrorOfTheSinkEndsTheWriting) {
  const Picture picture = random_picture(800, 800, 3);
  int calls = 0;
  const Status status = encode_png(picture, {}, {}, [&](ByteSpan) -> Status {
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
  EXPECT_THROW(static_cast<void>(encode_png(picture, {}, {}, throwing)), std::bad_alloc);
}

}  // namespace
}  // namespace ink
