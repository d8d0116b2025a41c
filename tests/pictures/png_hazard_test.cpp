#include <gtest/gtest.h>

#include <random>
#include <string>

#include "pictures/png.h"
#include "pictures/png_chunks.h"
#include "tests/pictures/png_builder.h"

namespace ink {
namespace {

using test::Bytes;
using test::operator+;
using test::bytes_of;
using test::png_chunk;
using test::png_header;
using test::png_signature;

const Bytes kEnd = png_chunk("IEND", {});

// A whole file of all the chunks that a decoder needs.
Bytes sample() {
  test::RawPng image{9, 7, 4, 3, true, {}, {}, {10, 20, 30}};
  for (int i = 0; i < 9 * 7; ++i) image.samples.push_back(i % 16);
  for (int i = 0; i < 48; ++i) image.palette.push_back(i * 5);
  return test::build_png(image);
}

void expect_refused(const Bytes& file, ErrorKind kind, const std::string& part) {
  const auto got = decode_png(file, "x.png", {});
  ASSERT_FALSE(got.ok()) << part;
  EXPECT_EQ(got.error().kind, kind) << got.error().message;
  EXPECT_EQ(got.error().message.rfind("x.png: ", 0), 0u) << got.error().message;
  EXPECT_NE(got.error().message.find(part), std::string::npos) << got.error().message;
  EXPECT_EQ(got.error().message.find('\n'), std::string::npos);
}

TEST(PngHazard, EveryTruncationIsRefused) {
  const Bytes whole = sample();
  ASSERT_TRUE(decode_png(whole, "x.png", {}).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto got = decode_png(cut, "x.png", {});
    ASSERT_FALSE(got.ok()) << size;
    EXPECT_EQ(got.error().kind, ErrorKind::bad_input) << size;
    EXPECT_FALSE(png_shape(cut, "x.png", {}).ok()) << size;
  }
}

TEST(PngHazard, EveryFlippedBitIsRefused) {
  const Bytes whole = sample();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_FALSE(decode_png(flipped, "x.png", {}).ok()) << "bit " << bit;
  }
}

TEST(PngHazard, ContentsThatPassTheirChecksumNeverCrash) {
  std::mt19937 random(7);
  const Bytes packed = test::deflated(Bytes(9 * 8, std::byte{0x35}));
  for (int round = 0; round < 20000; ++round) {
    const auto below = [&](unsigned end) { return static_cast<uint32_t>(random() % end); };
    const int types[] = {0, 2, 3, 4, 6};
    Bytes file = png_signature() + png_header(1 + below(12), 1 + below(12), 1 << below(5), types[below(5)],
                                              static_cast<int>(below(2)));
    if (below(2) == 0) file = std::move(file) + png_chunk("PLTE", Bytes(below(800), std::byte{77}));
    if (below(2) == 0) file = std::move(file) + png_chunk("tRNS", Bytes(below(9), std::byte{0}));
    Bytes data = packed;
    for (unsigned flips = below(4); flips > 0; --flips) data[random() % data.size()] ^= std::byte{0x10};
    file = std::move(file) + png_chunk("IDAT", data) + kEnd;
    const auto got = decode_png(file, "x.png", {});
    if (got.ok()) {
      EXPECT_EQ(got->pixels.size(), static_cast<size_t>(got->w * got->h * got->channels));
    }
  }
}

TEST(PngHazard, NamesWhatAForeignFileLooksLike) {
  const std::pair<std::string, std::string> kFiles[] = {
      {"", "empty"},
      {"\xff\xd8\xff\xe0 JFIF", "a JPEG picture"},
      {"RIFF\x10\x20\x30\x40WEBPVP8 ", "a WebP picture"},
      {"GIF89a", "a GIF picture"},
      {"BM123456", "a BMP picture"},
      {std::string("\0\0\0\x20", 4) + "ftypavif", "an AVIF picture"},
      {"  <!DOCTYPE HTML><html>", "an HTML page"},
      {"<html><body>404</body>", "an HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git-LFS pointer"},
      {"hello\n", "a text file"},
      {"\x01\x02\x03\x04", "no known picture format"},
      {"\x89PNG\n\x1a\n\n", "damaged by a transfer in text mode"},
  };
  for (const auto& [text, part] : kFiles) expect_refused(bytes_of(text), ErrorKind::bad_input, part);
}

TEST(PngHazard, SizesAreRefusedBeforeMemoryIsTaken) {
  const auto file = [](uint32_t w, uint32_t h) { return png_signature() + png_header(w, h, 8, 2) + kEnd; };
  expect_refused(file(1'000'000, 1'000'000), ErrorKind::limit, "1000000 x 1000000 pixels");
  expect_refused(file(0xffffffff, 0xffffffff), ErrorKind::limit, "4294967295 x 4294967295");
  expect_refused(file(32769, 1), ErrorKind::limit, "32769 x 1");
  expect_refused(file(32768, 4097), ErrorKind::limit, "32768 x 4097");
  expect_refused(file(0, 5), ErrorKind::bad_input, "0 x 5");
  expect_refused(file(5, 0), ErrorKind::bad_input, "5 x 0");
  // Inside the limits, but the data cannot be there.
  expect_refused(file(32768, 4096), ErrorKind::bad_input, "cannot hold");
}

TEST(PngHazard, LimitsAreTheCallers) {
  const Bytes file = sample();
  EXPECT_TRUE(decode_png(file, "x.png", {9, 63}).ok());
  EXPECT_FALSE(decode_png(file, "x.png", {8, 63}).ok());
  EXPECT_FALSE(decode_png(file, "x.png", {9, 62}).ok());
}

TEST(PngHazard, ADeflateBombIsCutShort) {
  // 64 MiB of zeros behind a header of 4 x 4.
  const Bytes bomb = test::deflated(Bytes(64u << 20));
  expect_refused(png_signature() + png_header(4, 4, 8, 0) + png_chunk("IDAT", bomb) + kEnd,
                 ErrorKind::bad_input, "broken PNG");
}

TEST(PngHazard, ABombInAnAncillaryChunkIsNotLookedAt) {
  const Bytes bomb = bytes_of(std::string("icc\0\0", 5)) + test::deflated(Bytes(64u << 20));
  const Bytes data = test::deflated(Bytes(5 * 4));
  const Bytes file = png_signature() + png_header(4, 4, 8, 0) + png_chunk("iCCP", bomb) +
                     png_chunk("zTXt", bomb) + png_chunk("IDAT", data) + kEnd;
  const auto outline = outline_png(file, "x.png", {});
  ASSERT_TRUE(outline.ok());
  size_t fed = 0;
  for (const auto part : outline->parts) fed += part.size();
  EXPECT_EQ(fed, file.size() - 2 * (12 + bomb.size()));
  EXPECT_TRUE(decode_png(file, "x.png", {}).ok());
}

TEST(PngHazard, BrokenStructuresAreNamed) {
  const Bytes head = png_signature() + png_header(4, 4, 8, 0);
  const Bytes data = png_chunk("IDAT", test::deflated(Bytes(5 * 4)));
  const auto refused = [](const Bytes& file, const std::string& part) {
    expect_refused(file, ErrorKind::bad_input, part);
  };
  refused(png_signature() + data + kEnd, "IHDR");
  refused(head + png_header(4, 4, 8, 0) + data + kEnd, "IHDR");
  refused(head + data, "ends at byte");
  refused(head + kEnd, "cannot hold");
  refused(head + png_chunk("IDAT", test::deflated(Bytes(5 * 3))) + kEnd, "broken PNG");
  refused(head + png_chunk("CgBI", {}) + data + kEnd, "CgBI");
  refused(head + png_chunk("ID\x01T", {}) + data + kEnd, "no chunk name");
  refused(png_signature() + png_header(4, 4, 8, 5) + data + kEnd, "colour type 5");
  refused(png_signature() + png_header(4, 4, 8, 200) + data + kEnd, "colour type 200");
  refused(png_signature() + png_header(4, 4, 3, 0) + data + kEnd, "IHDR");
  refused(png_signature() + png_header(4, 4, 8, 0, 2) + data + kEnd, "IHDR");
  refused(png_signature() + png_header(4, 4, 8, 3) + data + kEnd, "PLTE");
  refused(head + data + png_chunk("tRNS", Bytes(2)) + kEnd, "broken PNG");
  Bytes wrong_sum = data;
  wrong_sum[10] ^= std::byte{1};
  refused(head + wrong_sum + kEnd, "checksum of chunk IDAT at byte 33");
  // The pixels are all there; the Adler-32 behind them is not theirs.
  Bytes packed = test::deflated(Bytes(5 * 4));
  packed.back() ^= std::byte{1};
  refused(head + png_chunk("IDAT", packed) + kEnd, "incorrect data check");
}

TEST(PngHazard, AnIndexBeyondThePaletteIsBlack) {
  const Bytes indexes = test::deflated(Bytes(1) + Bytes{std::byte{0}, std::byte{1}, std::byte{255}});
  const auto got =
      decode_png(png_signature() + png_header(3, 1, 8, 3) + png_chunk("PLTE", Bytes(3, std::byte{9})) +
                     png_chunk("IDAT", indexes) + kEnd,
                 "x.png", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels, (std::vector<uint8_t>{9, 9, 9, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace ink
