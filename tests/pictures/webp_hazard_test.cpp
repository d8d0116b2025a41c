#include <gtest/gtest.h>

#include <string>

#include "pictures/webp.h"
#include "tests/pictures/golden.h"
#include "tests/pictures/refusal.h"

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;
using test::expect_refused;
using test::operator+;

Bytes little_endian(size_t value, int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  return bytes;
}

Bytes chunk(const std::string& type, const Bytes& body) {
  return bytes_of(type) + little_endian(body.size(), 4) + body + Bytes(body.size() % 2);
}

Bytes riff(const Bytes& chunks) {
  return bytes_of("RIFF") + little_endian(chunks.size() + 4, 4) + bytes_of("WEBP") + chunks;
}

// A lossy key frame of w x h, followed by `data` bytes that mean nothing.
Bytes lossy_frame(size_t w, size_t h, size_t data) {
  return chunk("VP8 ", bytes_of(std::string("\x10\x02\0\x9d\x01\x2a", 6)) + little_endian(w, 2) +
                           little_endian(h, 2) + Bytes(data, std::byte{0x5a}));
}

Bytes lossless_frame(size_t w, size_t h, const Bytes& data) {
  return chunk("VP8L", Bytes{std::byte{0x2f}} + little_endian((w - 1) | (h - 1) << 14, 4) + data);
}

TEST(WebpHazard, EveryTruncationIsRefused) {
  for (const std::string name :
       {"lossless-alpha.webp", "lossy.webp", "lossy-alpha.webp", "all-metadata.webp"}) {
    SCOPED_TRACE(name);
    test::expect_truncations_refused(test::golden_file(name));
  }
}

TEST(WebpHazard, AnyFlippedBitIsSurvived) {
  for (const std::string name : {"lossless-alpha.webp", "lossy-alpha.webp", "orientation-6.webp"}) {
    SCOPED_TRACE(name);
    test::expect_flips_survived(test::golden_file(name));
  }
}

TEST(WebpHazard, AnimationsAreRefused) {
  expect_refused(test::golden_file("animated.webp"), ErrorKind::bad_input, "animated WebP");
}

TEST(WebpHazard, SizesAreRefusedBeforeMemoryIsTaken) {
  expect_refused(riff(lossy_frame(16383, 16383, 2000)), ErrorKind::limit, "16383 x 16383 pixels");
  expect_refused(riff(lossless_frame(16384, 16384, Bytes(100))), ErrorKind::limit, "16384 x 16384 pixels");
  expect_refused(riff(lossy_frame(11000, 11000, 2000)), ErrorKind::bad_input,
                 "cannot hold the 11000 x 11000");
  expect_refused(riff(lossy_frame(0, 10, 2000)), ErrorKind::bad_input, "contradicts itself");
  expect_refused(riff(lossless_frame(11000, 11000, Bytes(100, std::byte{0x33}))), ErrorKind::bad_input,
                 "damaged or too few", false);
}

TEST(WebpHazard, BrokenStructuresAreNamed) {
  const auto refused = [](const Bytes& file, const std::string& part) {
    expect_refused(file, ErrorKind::bad_input, part);
  };
  const Bytes picture = chunk("ICCP", Bytes(200));
  refused(riff({}), "has no picture");
  refused(riff(picture), "has no picture");
  refused(riff(bytes_of("VP8 ")), "inside the chunk that starts at 12");
  refused(riff(bytes_of("VP8 ") + little_endian(0xffffffff, 4) + Bytes(9)), "inside the chunk");
  refused(riff(chunk("VP8 ", Bytes(40))), "contradicts itself");
  refused(riff(chunk("VP8L", Bytes(40))), "contradicts itself");
  refused(bytes_of("RIFF") + little_endian(1000, 4) + bytes_of("WEBP"), "declares 1008 bytes and has 12");
  refused(bytes_of("RIFF") + little_endian(2, 4) + bytes_of("WEBP"), "declares 10 bytes");
}

TEST(WebpHazard, BytesBehindTheEndDoNotMatter) {
  const auto got = decode_picture(test::golden_file("lossless.webp") + bytes_of("and more"), "x", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels, test::read_golden("lossless.webp").picture.pixels);
}

}  // namespace
}  // namespace ink
