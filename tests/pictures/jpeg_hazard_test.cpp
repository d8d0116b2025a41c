#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pictures/jpeg.h"
#include "pictures/jpeg_markers.h"
#include "tests/pictures/golden.h"
#include "tests/pictures/jpeg_pieces.h"
#include "tests/pictures/refusal.h"

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;
using test::expect_refused;
using test::jpeg_frame;
using test::jpeg_marker;
using test::jpeg_pieces;
using test::JpegPiece;
using test::operator+;

constexpr uint8_t kSof0 = 0xc0, kSof2 = 0xc2, kDqt = 0xdb, kSos = 0xda, kEoi = 0xd9;
const Bytes kStart = bytes_of("\xff\xd8"), kEnd = bytes_of("\xff\xd9");

// A scan of `components` with `data`.
Bytes scan(int components, const Bytes& data) {
  Bytes body{static_cast<std::byte>(components)};
  for (int i = 0; i < components; ++i)
    body = std::move(body) + Bytes{static_cast<std::byte>(i + 1), std::byte{0}};
  return jpeg_marker(kSos, body + Bytes{std::byte{0}, std::byte{63}, std::byte{0}}) + data;
}

// Replaces the first piece with that marker.
Bytes with(const Bytes& file, uint8_t marker, const Bytes& by) {
  std::vector<JpegPiece> pieces = jpeg_pieces(file);
  for (JpegPiece& piece : pieces) {
    if (piece.marker != marker) continue;
    piece.bytes = by;
    break;
  }
  return joined(pieces);
}

TEST(JpegHazard, EveryTruncationIsRefused) {
  for (const std::string name :
       {"gray.jpg", "restarts.jpg", "420-progressive.jpg", "cmyk-profile.jpg", "orientation-6.jpg"}) {
    SCOPED_TRACE(name);
    test::expect_truncations_refused(test::golden_file(name));
  }
}

TEST(JpegHazard, AnyFlippedBitIsSurvived) {
  for (const std::string name : {"gray-progressive.jpg", "orientation-6.jpg", "ycck.jpg"}) {
    SCOPED_TRACE(name);
    test::expect_flips_survived(test::golden_file(name));
  }
}

TEST(JpegHazard, SizesAreRefusedBeforeMemoryIsTaken) {
  const auto claiming = [](int w, int h) {
    const Bytes file = kStart + jpeg_frame(kSof0, w, h, {0x11, 0x11, 0x11}) + scan(3, {});
    return file + Bytes(256 - file.size(), std::byte{0x55}) + kEnd;
  };
  ASSERT_EQ(claiming(1, 1).size(), 258u);
  expect_refused(claiming(65535, 65535), ErrorKind::limit, "65535 x 65535 pixels");
  expect_refused(claiming(32769, 1), ErrorKind::limit, "32769 x 1");
  expect_refused(claiming(32768, 4096), ErrorKind::bad_input, "cannot hold the 32768 x 4096");
  expect_refused(claiming(1000, 1000), ErrorKind::bad_input, "cannot hold");
  expect_refused(claiming(0, 5), ErrorKind::bad_input, "0 x 5");
  expect_refused(claiming(5, 0), ErrorKind::bad_input, "5 x 0");
}

TEST(JpegHazard, AFileOfAThousandScansIsRefused) {
  std::vector<JpegPiece> pieces = jpeg_pieces(test::golden_file("420-progressive.jpg"));
  const auto scans = std::ranges::count(pieces, kSos, &JpegPiece::marker);
  const JpegPiece last = *std::find_if(pieces.rbegin(), pieces.rend(),
                                       [](const JpegPiece& piece) { return piece.marker == kSos; });
  ASSERT_EQ(pieces.back().marker, kEoi);
  pieces.insert(pieces.end() - 1, 1000, last);
  const Bytes file = joined(pieces);
  expect_refused(file, ErrorKind::limit, "more than the 100 scans");
  PictureLimits limits;
  limits.scans = static_cast<int>(scans) + 999;
  EXPECT_FALSE(jpeg_shape(file, "x", limits).ok());
  ++limits.scans;
  EXPECT_TRUE(jpeg_shape(file, "x", limits).ok());
}

TEST(JpegHazard, WhatIsNotReadIsNamed) {
  const auto file = [](const Bytes& frame) { return kStart + frame + scan(1, Bytes(50)) + kEnd; };
  const auto refused = [&](const Bytes& frame, const std::string& part) {
    expect_refused(file(frame), ErrorKind::bad_input, part);
  };
  refused(jpeg_frame(0xc3, 8, 8, {0x11}), "lossless");
  refused(jpeg_frame(0xc5, 8, 8, {0x11}), "hierarchical");
  refused(jpeg_frame(0xc9, 8, 8, {0x11}), "arithmetically coded");
  refused(jpeg_frame(0xca, 8, 8, {0x11}), "arithmetically coded");
  refused(jpeg_marker(0xcc, {}) + jpeg_frame(kSof0, 8, 8, {0x11}), "arithmetically coded");
  refused(jpeg_frame(0xc1, 8, 8, {0x11}, 12), "12 bits a sample");
  refused(jpeg_frame(kSof0, 8, 8, {0x11, 0x11}), "2 colour components");
  refused(jpeg_frame(kSof0, 8, 8, {0x11, 0x11, 0x11, 0x11, 0x11}), "5 colour components");
  refused(jpeg_frame(kSof0, 8, 8, {0x51}), "sampling factors");
  refused(jpeg_frame(kSof0, 8, 8, {0x10}), "sampling factors");
}

TEST(JpegHazard, BrokenStructuresAreNamed) {
  const Bytes frame = jpeg_frame(kSof0, 8, 8, {0x11});
  const auto refused = [&](const Bytes& rest, const std::string& part) {
    expect_refused(kStart + rest, ErrorKind::bad_input, part);
  };
  refused(kEnd, "ends before its pixels");
  refused(frame + kEnd, "ends before its pixels");
  refused(scan(1, Bytes(9)) + kEnd, "ends before its pixels");
  refused(frame + frame + scan(1, Bytes(9)) + kEnd, "two frames");
  refused(frame + scan(1, Bytes(9)), "ends at byte");
  refused(frame + scan(1, Bytes(9)) + bytes_of("\xff"), "ends at byte");
  refused(bytes_of("\xff\xdb\xff\xff") + Bytes(40), "ends at byte");
  refused(jpeg_marker(kSof0, Bytes(3)) + kEnd, "frame has 3 bytes");
  refused(jpeg_marker(kSof0, bytes_of(std::string("\x08\0\x08\0\x08\x03", 6))) + kEnd, "contradicts itself");
  refused(jpeg_marker(0xfe, {}) + bytes_of("garbage") + frame, "no marker at byte 6");
  refused(jpeg_marker(0xfe, {}) + bytes_of("\xff\xd8") + frame, "out of place");
  refused(jpeg_marker(0xfe, {}) + bytes_of("\xff\x01") + frame, "out of place");
  refused(bytes_of(std::string("\xff\xfe\0\x01", 4)) + frame, "no length");
}

TEST(JpegHazard, LostDataIsRefusedNotGrayedOut) {
  const Bytes whole = test::golden_file("444.jpg");
  for (const JpegPiece& piece : jpeg_pieces(whole)) {
    if (piece.marker != kSos) continue;
    const Bytes half(piece.bytes.begin(),
                     piece.bytes.begin() + static_cast<Bytes::difference_type>(piece.bytes.size() / 2));
    expect_refused(with(whole, kSos, half), ErrorKind::bad_input, "broken JPEG: Corrupt JPEG data", false);
  }
  expect_refused(with(whole, kDqt, {}), ErrorKind::bad_input, "broken JPEG", false);
}

TEST(JpegHazard, BytesThatBelongToNoScanAreSkippedWithANotice) {
  std::vector<JpegPiece> pieces = jpeg_pieces(test::golden_file("gray.jpg"));
  const auto last = std::ranges::find(pieces, kSos, &JpegPiece::marker);
  last->bytes = std::move(last->bytes) + Bytes(7, std::byte{0x11});
  const auto got = decode_picture(joined(pieces), "x", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->pixels, test::read_golden("gray.jpg").picture.pixels);
  ASSERT_EQ(got->notices.size(), 1u);
  EXPECT_NE(got->notices[0].find("skipped"), std::string::npos);
}

TEST(JpegHazard, ApplicationDataNeverReachesTheDecoder) {
  const Bytes whole = test::golden_file("444.jpg");
  std::vector<JpegPiece> pieces = jpeg_pieces(whole);
  for (int marker = 0xe0; marker <= 0xef; ++marker) {
    const auto kind = static_cast<uint8_t>(marker);
    pieces.insert(pieces.begin() + 1, {kind, jpeg_marker(kind, Bytes(5000, std::byte{0x41}))});
  }
  pieces.insert(pieces.begin() + 1, {0xfe, jpeg_marker(0xfe, Bytes(5000))});
  const Bytes file = joined(pieces);
  const auto outline = outline_jpeg(file, "x", {});
  ASSERT_TRUE(outline.ok()) << outline.error().message;
  size_t fed = 0;
  for (const auto part : outline->parts) fed += part.size();
  EXPECT_EQ(fed, whole.size());
  EXPECT_TRUE(decode_picture(file, "x", {}).ok());
}

TEST(JpegHazard, AnExifBlockThatIsNamedTwiceTurnsTheShapeAsItTurnsThePixels) {
  std::vector<JpegPiece> pieces = jpeg_pieces(test::golden_file("orientation-6.jpg"));
  for (JpegPiece& piece : pieces) {
    if (piece.marker != 0xe1 || piece.bytes[4] != std::byte{'E'}) continue;
    const Bytes body(piece.bytes.begin() + 4, piece.bytes.end());
    piece.bytes = jpeg_marker(0xe1, bytes_of(std::string("Exif\0\0", 6)) + body);
  }
  const Bytes file = joined(pieces);
  const auto shape = picture_shape(file, "x", {});
  const auto picture = decode_picture(file, "x", {});
  ASSERT_TRUE(shape.ok() && picture.ok());
  EXPECT_EQ(picture->metadata.orientation, 6);
  EXPECT_EQ(shape->w, picture->w);
  EXPECT_EQ(shape->h, picture->h);
}

TEST(JpegHazard, ProgressiveFilesSayWhatTheirCoefficientsTake) {
  const auto one = picture_shape(test::golden_file("444.jpg"), "x", {});
  const auto several = picture_shape(test::golden_file("444-progressive.jpg"), "x", {});
  ASSERT_TRUE(one.ok() && several.ok());
  EXPECT_EQ(one->working_bytes, 0u);
  EXPECT_EQ(several->working_bytes, 5u * 4 * 3 * 128);  // blocks of 37 x 29, of three components
}

}  // namespace
}  // namespace ink
