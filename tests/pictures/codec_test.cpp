#include "pictures/codec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "pictures/channels.h"
#include "pictures/colour.h"
#include "tests/pictures/golden.h"
#include "tests/pictures/jpeg_pieces.h"
#include "tests/pictures/refusal.h"

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;

constexpr PictureFormat kFormats[] = {PictureFormat::png, PictureFormat::jpeg, PictureFormat::webp};

// Smooth enough for JPEG, with a visible alpha.
Picture ramp(int w, int h, int channels, int depth = 8) {
  Picture picture{w, h, channels, {}, depth};
  visit_samples(picture, [&](auto& samples) {
    for (int i = 0; i < w * h * channels; ++i) {
      const int x = i / channels % w, y = i / channels / w, c = i % channels;
      const int level = (x * 150 / w + y * 50 / h + c * 15) * (depth == 16 ? 257 : 1);
      samples.push_back(static_cast<std::remove_reference_t<decltype(samples[0])>>(level));
    }
  });
  return picture;
}

struct Written {
  Bytes file;
  std::vector<std::string> notices;
};

Written encode(const Picture& picture, const EncodeOptions& options) {
  Written written;
  auto notices = encode_picture(picture, options, "out", [&](ByteSpan bytes) {
    written.file.insert(written.file.end(), bytes.begin(), bytes.end());
    return Status();
  });
  EXPECT_TRUE(notices.ok()) << notices.error().message;
  if (notices.ok()) written.notices = std::move(*notices);
  return written;
}

Picture decode(const Bytes& file) {
  auto picture = decode_picture(file, "a", {});
  EXPECT_TRUE(picture.ok()) << picture.error().message;
  return picture.ok() ? std::move(*picture) : Picture{};
}

EncodeOptions as(PictureFormat format) {
  EncodeOptions options;
  options.format = format;
  return options;
}

EncodeOptions lossless_webp() {
  EncodeOptions options = as(PictureFormat::webp);
  options.lossless = true;
  return options;
}

int largest_difference(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return largest;
}

TEST(Codec, ContentDecidesTheFormat) {
  EXPECT_EQ(format_of_file(test::golden_file("gray.jpg")), PictureFormat::jpeg);
  EXPECT_EQ(format_of_file(test::golden_file("type0-1bit.png")), PictureFormat::png);
  EXPECT_EQ(format_of_file(test::golden_file("lossy.webp")), PictureFormat::webp);
  const std::pair<std::string, std::string> kForeign[] = {
      {"", "an empty file"},
      {"GIF89a", "a GIF picture"},
      {std::string("RIFF\0\0\0\0AVI ", 12), "no known picture format"},
      {"<!DOCTYPE html><html>", "an HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git-LFS pointer"},
      {"hello\n", "a text file"},
      {"\x01\x02\xff\xd8", "no known picture format"},
      {"\x89PNG\n\x1a\n\n", "a PNG picture damaged by a transfer in text mode"},
  };
  for (const auto& [text, part] : kForeign) {
    EXPECT_FALSE(format_of_file(bytes_of(text)).has_value());
    test::expect_refused(bytes_of(text), ErrorKind::bad_input,
                         "expected a PNG, JPEG or WebP picture, found " + part);
  }
}

TEST(Codec, TheNameAsksForAFormat) {
  EXPECT_EQ(format_of_name("a.png"), PictureFormat::png);
  EXPECT_EQ(format_of_name("a.b.JPG"), PictureFormat::jpeg);
  EXPECT_EQ(format_of_name("folder.png/a.jpeg"), PictureFormat::jpeg);
  EXPECT_EQ(format_of_name("a.jfif"), PictureFormat::jpeg);
  EXPECT_EQ(format_of_name(".webp"), PictureFormat::webp);
  for (const char* name : {"", "png", "a.gif", "a.png ", "a.png/b", "a."})
    EXPECT_FALSE(format_of_name(name)) << name;
}

TEST(Codec, WhatAFormatCannotHoldIsRefusedBeforeTheWork) {
  EXPECT_TRUE(check_writable("o", PictureFormat::png, 100000, 100000, 4).ok());
  EXPECT_TRUE(check_writable("o", PictureFormat::webp, 16383, 16383, 4).ok());
  EXPECT_TRUE(check_writable("o", PictureFormat::jpeg, 65500, 1, 1).ok());
  const auto refused = [](const Status& status, ErrorKind kind, const std::string& part) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, kind);
    EXPECT_EQ(status.error().message.rfind("out.x: ", 0), 0u);
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  };
  refused(check_writable("out.x", PictureFormat::webp, 16384, 5, 3), ErrorKind::limit,
          "at most 16383 a side");
  refused(check_writable("out.x", PictureFormat::jpeg, 5, 65501, 3), ErrorKind::limit,
          "at most 65500 a side");
  for (const int channels : {2, 4}) {
    refused(check_writable("out.x", PictureFormat::jpeg, 5, 5, channels), ErrorKind::usage,
            "PNG and WebP keep it");
  }
  const auto sink = [](ByteSpan) { return Status(); };
  EXPECT_FALSE(encode_picture(ramp(5, 5, 4), as(PictureFormat::jpeg), "out.jpg", sink).ok());
}

TEST(Codec, LosslessFormatsGiveBackWhatTheyGot) {
  for (int channels = 1; channels <= 4; ++channels) {
    Picture picture = ramp(37, 23, channels);
    if (has_alpha(channels)) {
      for (size_t i = 0; i < 200; ++i) picture.pixels[(i + 1) * static_cast<size_t>(channels) - 1] = 0;
    }
    EXPECT_EQ(decode(encode(picture, as(PictureFormat::png)).file).pixels, picture.pixels);
    const Picture webp = decode(encode(picture, lossless_webp()).file);
    const Picture alpha = alpha_plane(picture);
    EXPECT_EQ(webp.channels, has_alpha(channels) ? 4 : 3);
    EXPECT_EQ(to_rgb(webp).pixels, to_rgb(picture).pixels) << channels;
    EXPECT_EQ(alpha_plane(webp).pixels, alpha.pixels);
  }
}

TEST(Codec, QualityTradesSizeForLikeness) {
  const Picture picture = ramp(200, 150, 3);
  for (const PictureFormat format : {PictureFormat::jpeg, PictureFormat::webp}) {
    EncodeOptions options = as(format);
    const Bytes good = encode(picture, options).file;
    EXPECT_LE(largest_difference(decode(good), picture), 6);
    options.quality = 20;
    EXPECT_LT(encode(picture, options).file.size(), good.size() * 2 / 3);
  }
  Picture gray = ramp(64, 40, 1);
  const Picture back = decode(encode(gray, as(PictureFormat::jpeg)).file);
  EXPECT_EQ(back.channels, 1);
  EXPECT_LE(largest_difference(back, gray), 4);
}

TEST(Codec, JpegColoursAreNotSubsampled) {
  for (const test::JpegPiece& piece :
       test::jpeg_pieces(encode(ramp(20, 20, 3), as(PictureFormat::jpeg)).file)) {
    if (piece.marker < 0xc0 || piece.marker > 0xc2) continue;
    EXPECT_EQ(piece.marker, 0xc0);  // baseline
    for (const size_t component : {size_t{0}, size_t{1}, size_t{2}}) {
      EXPECT_EQ(piece.bytes[4 + 6 + component * 3 + 1], std::byte{0x11});
    }
  }
}

TEST(Codec, SixteenBitsAreRoundedWhereThereAreOnlyEight) {
  Picture deep{256, 256, 3, {}, 16};
  std::mt19937 random(5);
  for (size_t i = 0; i < sample_count(deep); ++i) deep.pixels16.push_back(static_cast<uint16_t>(random()));
  const Picture narrow = to_depth(deep, 8);
  const Written webp = encode(deep, lossless_webp());
  EXPECT_EQ(decode(webp.file).pixels, narrow.pixels);
  ASSERT_EQ(webp.notices.size(), 1u);
  EXPECT_NE(webp.notices[0].find("16 bits"), std::string::npos);
  EXPECT_EQ(encode(deep, as(PictureFormat::jpeg)).file, encode(narrow, as(PictureFormat::jpeg)).file);
  const Written png = encode(deep, as(PictureFormat::png));
  EXPECT_TRUE(png.notices.empty());
  EXPECT_EQ(decode(png.file).pixels16, deep.pixels16);
}

TEST(Codec, MetadataGoesThroughEveryFormat) {
  const Picture source = decode(test::golden_file("all-metadata.jpg"));
  ASSERT_GT(source.metadata.icc.size(), 65535u);
  for (const PictureFormat format : kFormats) {
    const Written written = encode(source, as(format));
    EXPECT_TRUE(written.notices.empty());
    const Picture back = decode(written.file);
    EXPECT_EQ(back.metadata.icc, source.metadata.icc) << format_name(format);
    EXPECT_EQ(back.metadata.exif, source.metadata.exif);
    EXPECT_EQ(back.metadata.xmp, source.metadata.xmp);
    EncodeOptions strip = as(format);
    strip.strip = true;
    const Picture bare = decode(encode(source, strip).file);
    EXPECT_TRUE(bare.metadata.icc.empty() && bare.metadata.exif.empty() && bare.metadata.xmp.empty());
    EXPECT_EQ(bare.pixels, back.pixels);
  }
  const Picture alpha = decode(test::golden_file("all-metadata.webp"));
  for (const EncodeOptions& options : {as(PictureFormat::png), lossless_webp()}) {
    const Picture back = decode(encode(alpha, options).file);
    EXPECT_EQ(back.pixels, alpha.pixels);
    EXPECT_EQ(back.metadata.icc, alpha.metadata.icc);
    EXPECT_EQ(back.metadata.exif, alpha.metadata.exif);
  }
}

TEST(Codec, ATurnedPictureIsNotTurnedTwice) {
  const Picture seen = decode(test::golden_file("orientation-6.jpg"));
  for (const EncodeOptions& options : {as(PictureFormat::png), lossless_webp()}) {
    const Picture back = decode(encode(seen, options).file);
    EXPECT_EQ(back.metadata.orientation, 1);
    EXPECT_EQ(back.w, seen.w);
    EXPECT_EQ(back.pixels, seen.pixels);
  }
}

TEST(Codec, BlocksTooLargeForAFormatAreLeftOutWithANotice) {
  Picture picture = ramp(9, 9, 3);
  picture.metadata.exif = Bytes(65528, std::byte{'a'});
  picture.metadata.xmp = Bytes(65505, std::byte{'b'});
  Written written = encode(picture, as(PictureFormat::jpeg));
  EXPECT_EQ(written.notices.size(), 2u);
  EXPECT_TRUE(decode(written.file).metadata.exif.empty());
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::webp}) {
    EXPECT_EQ(decode(encode(picture, as(format)).file).metadata.xmp, picture.metadata.xmp);
  }
  picture.metadata.exif.pop_back();
  picture.metadata.xmp.pop_back();
  written = encode(picture, as(PictureFormat::jpeg));
  EXPECT_TRUE(written.notices.empty());
  EXPECT_EQ(decode(written.file).metadata.exif, picture.metadata.exif);
  EXPECT_EQ(decode(written.file).metadata.xmp, picture.metadata.xmp);
}

TEST(Codec, AGrayProfileBecomesSrgbInWebp) {
  const Picture gray = decode(test::golden_file("gray-profile.png"));
  ASSERT_FALSE(gray.metadata.icc.empty());
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::jpeg}) {
    EXPECT_EQ(decode(encode(gray, as(format)).file).metadata.icc, gray.metadata.icc);
  }
  for (const int depth : {8, 16}) {
    const Written written = encode(to_depth(gray, depth), lossless_webp());
    EXPECT_EQ(written.notices.size(), depth == 8 ? 1u : 2u);
    const Picture rgb = decode(written.file);
    EXPECT_TRUE(rgb.metadata.icc.empty());
    const auto levels = gray_levels_in_srgb(gray.metadata.icc, 8);
    if (!levels) continue;  // this build has no lcms2
    for (size_t i = 0; i < gray.pixels.size(); ++i) {
      EXPECT_NEAR(rgb.pixels[i * 3], (*levels)[gray.pixels[i]], depth == 8 ? 0 : 1);
      EXPECT_EQ(rgb.pixels[i * 3], rgb.pixels[i * 3 + 2]);
    }
  }
}

TEST(Codec, TheSamePictureGivesTheSameBytes) {
  const Picture picture = ramp(700, 900, 3);
  for (const PictureFormat format : kFormats) {
    EncodeOptions options = as(format);
    const Bytes one = encode(picture, options).file;
    for (const int threads : {1, 2, 3, 4}) {
      options.threads = threads;
      EXPECT_EQ(encode(picture, options).file, one) << format_name(format) << " with " << threads;
    }
  }
}

TEST(Codec, AnErrorOfTheSinkEndsTheWriting) {
  const Picture picture = ramp(900, 900, 3);
  for (const PictureFormat format : kFormats) {
    int calls = 0;
    const auto failed = encode_picture(picture, as(format), "out", [&](ByteSpan) -> Status {
      ++calls;
      return Error{ErrorKind::io, "the disk is full"};
    });
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message, "the disk is full");
    EXPECT_EQ(calls, 1);
    const auto throwing = [](ByteSpan) -> Status { throw std::bad_alloc(); };
    EXPECT_THROW(static_cast<void>(encode_picture(picture, as(format), "out", throwing)), std::bad_alloc);
  }
}

TEST(Codec, TheLibrariesAreNamed) {
  const std::string versions = picture_library_versions();
  for (const char* name : {"libpng 1.", "zlib 1.", "libdeflate 1.", "libjpeg-turbo ", "libwebp 1."}) {
    EXPECT_NE(versions.find(name), std::string::npos) << versions;
  }
}

}  // namespace
}  // namespace ink
