#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/harness/peak_memory.h"
#include "tests/harness/sanitized.h"
#include "tests/pictures/golden.h"
#include "tests/pictures/jpeg_pieces.h"
#include "tests/pictures/refusal.h"

// What a refusal costs: at most 64 MiB and four times the file, whatever the file claims.

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;
using test::operator+;

using test::kSanitized;

Bytes noise(size_t size) {
  std::mt19937 random(1);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0x7f);  // no 0xff: no marker
  return bytes;
}

Bytes png(uint32_t w, uint32_t h, const Bytes& before, const Bytes& packed) {
  return test::png_signature() + test::png_header(w, h, 8, 2) + before + test::png_chunk("IDAT", packed) +
         test::png_chunk("IEND", {});
}

// A whole JPEG with another frame, and noise for what the first scan holds.
Bytes jpeg(const std::string& golden, int w, int h, size_t data) {
  std::vector<test::JpegPiece> pieces = test::jpeg_pieces(test::golden_file(golden));
  bool done = false;
  for (test::JpegPiece& piece : pieces) {
    if (piece.marker == 0xc0 || piece.marker == 0xc2) {
      for (const auto& [at, value] : {std::pair(5, h), std::pair(7, w)}) {
        piece.bytes[static_cast<size_t>(at)] = static_cast<std::byte>(value >> 8);
        piece.bytes[static_cast<size_t>(at) + 1] = static_cast<std::byte>(value);
      }
    }
    if (piece.marker == 0xda && !done) {
      piece.bytes = std::move(piece.bytes) + noise(data);
      done = true;
    }
  }
  return joined(pieces);
}

Bytes lossless_webp(uint32_t w, uint32_t h, const Bytes& data) {
  const uint32_t bits = (w - 1) | (h - 1) << 14;
  Bytes body{std::byte{0x2f}};
  const auto add = [](Bytes& to, size_t value) {
    for (int i = 0; i < 4; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i)));
  };
  add(body, bits);
  body = std::move(body) + data;
  Bytes file = bytes_of("RIFF");
  add(file, body.size() + 12);
  file = std::move(file) + bytes_of("WEBPVP8L");
  add(file, body.size());
  return std::move(file) + body;
}

// A profile of 256 bytes that asks for a table of 300 MB.
Bytes hungry_profile() {
  Bytes profile(256);
  const auto put = [&](size_t at, std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) profile[at + i] = static_cast<std::byte>(text[i]);
  };
  put(2, {"\x01\0", 2});
  put(8, {"\x02\x40", 2});
  put(12, "prtrCMYKLab ");
  put(36, "acsp");
  put(131, {"\x01", 1});
  put(132, {"A2B0\0\0\0\x90\0\0\0\x70", 12});
  put(144, {"mft2\0\0\0\0\x04\x03\x54", 11});  // 84 steps an ink
  put(144 + 48, {"\0\x02\0\x02", 4});
  return profile;
}

TEST(Memory, ARefusalIsCheap) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own";
  const Bytes zeros = test::deflated(Bytes(64u << 20));
  const std::pair<std::string, Bytes> kFiles[] = {
      {"JPEG of 65535 x 65535", jpeg("444.jpg", 65535, 65535, 0)},
      {"JPEG of 11000 x 11000 without the data", jpeg("444.jpg", 11000, 11000, 100)},
      {"JPEG of 11000 x 11000 of noise", jpeg("444.jpg", 11000, 11000, 300000)},
      {"progressive JPEG of 11000 x 11000 of noise", jpeg("444-progressive.jpg", 11000, 11000, 300000)},
      {"PNG of 1000000 x 1000000", png(1000000, 1000000, {}, zeros)},
      {"PNG of 11000 x 11000 without the data", png(11000, 11000, {}, test::deflated(Bytes(1000)))},
      {"PNG of 11000 x 11000 of noise", png(11000, 11000, {}, noise(400000))},
      {"PNG of 4 x 4 that unpacks to 64 MiB", png(4, 4, {}, zeros)},
      {"PNG with a profile of 64 MiB",
       png(40, 40, test::png_chunk("iCCP", bytes_of(std::string("a\0\0", 3)) + zeros),
           test::deflated(Bytes(100)))},
      {"lossless WebP of 11000 x 11000", lossless_webp(11000, 11000, noise(100))},
      {"lossless WebP of 11000 x 11000, cut", lossless_webp(11000, 11000, {})},
  };
  for (const auto& [what, file] : kFiles) {
    const test::PeakMemory peak;
    if (!peak.counts()) GTEST_SKIP() << "the peak cannot be measured here";
    EXPECT_FALSE(decode_picture(file, "x", {}).ok()) << what;
    EXPECT_LE(peak.bytes(), (uint64_t{64} << 20) + 4 * file.size()) << what;
  }
}

TEST(Memory, AHungryProfileIsNotServed) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own";
  const test::PeakMemory peak;
  if (!peak.counts()) GTEST_SKIP() << "the peak cannot be measured here";
  const Bytes profile =
      test::jpeg_marker(0xe2, bytes_of(std::string("ICC_PROFILE\0\1\1", 14)) + hungry_profile());
  Bytes file = test::golden_file("cmyk.jpg");
  file.insert(file.begin() + 2, profile.begin(), profile.end());
  const auto got = decode_picture(file, "x", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels, test::read_golden("cmyk.jpg").picture.pixels);
  EXPECT_LE(peak.bytes(), uint64_t{64} << 20);
}

TEST(Memory, EncodingTakesNoMoreThanItSays) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own";
  std::mt19937 random(1);
  Picture picture{1500, 1000, 3};
  for (size_t i = 0; i < sample_count(picture); ++i) picture.pixels.push_back(static_cast<uint8_t>(random()));
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::jpeg, PictureFormat::webp}) {
    for (const bool lossless : {false, true}) {
      EncodeOptions options;
      options.format = format;
      options.lossless = lossless;
      options.quality = 100;
      options.png_level = lossless ? 9 : 6;
      options.threads = 4;
      const test::PeakMemory peak;
      if (!peak.counts()) GTEST_SKIP() << "the peak cannot be measured here";
      EXPECT_TRUE(encode_picture(picture, options, "x", [](ByteSpan) { return Status(); }).ok());
      const uint64_t said = encoding_bytes(picture.w, picture.h, 3, 8, options);
      EXPECT_LE(peak.bytes(), said) << format_name(format) << lossless;
      EXPECT_LE(said, (format == PictureFormat::webp ? uint64_t{80} : uint64_t{48}) << 20);
    }
  }
}

}  // namespace
}  // namespace ink
