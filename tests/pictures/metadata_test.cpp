#include "pictures/metadata.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/pictures/png_builder.h"

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;

std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes)); }

// A big-endian TIFF structure with one entry: the orientation as a SHORT.
const std::string kHead("MM\0*\0\0\0\x08", 8);
std::string entry(char value) {
  return std::string("\x01\x12\0\x03\0\0\0\x01\0", 9) + value + std::string("\0\0", 2);
}
std::string tiff(char value) {
  return kHead + std::string("\0\x01", 2) + entry(value) + std::string(4, '\0');
}

int orientation(const std::string& block) { return exif_orientation(bytes_of(block)); }

TEST(Metadata, OrientationIsReadInBothByteOrders) {
  for (int value = 1; value <= 8; ++value) {
    const auto c = static_cast<char>(value);
    EXPECT_EQ(orientation(tiff(c)), value);
    const std::string little =
        std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + c + std::string(7, '\0');
    EXPECT_EQ(orientation(little), value);
  }
}

TEST(Metadata, WhatCannotBeUnderstoodIsUpright) {
  EXPECT_EQ(orientation(""), 1);
  EXPECT_EQ(orientation("MM"), 1);
  EXPECT_EQ(orientation("no TIFF at all"), 1);
  EXPECT_EQ(orientation(tiff(0)), 1);
  EXPECT_EQ(orientation(tiff(9)), 1);
  for (size_t size = 0; size < tiff(6).size() - 4; ++size)
    EXPECT_EQ(orientation(tiff(6).substr(0, size)), 1) << size;
  std::string far = tiff(6);
  far[4] = far[5] = far[6] = far[7] = '\xff';
  EXPECT_EQ(orientation(far), 1);
  far[4] = far[5] = far[6] = 0;
  far[7] = static_cast<char>(far.size() - 1);
  EXPECT_EQ(orientation(far), 1);
  std::string as_text = tiff(6);
  as_text[8 + 2 + 3] = 2;
  EXPECT_EQ(orientation(as_text), 1);
  std::string two_values = tiff(6);
  two_values[8 + 2 + 7] = 2;
  EXPECT_EQ(orientation(two_values), 1);
}

TEST(Metadata, ADirectoryThatClaimsMoreThanThereIsEndsWithTheBlock) {
  std::string block = tiff(6);
  block[8] = block[9] = '\xff';
  EXPECT_EQ(orientation(block), 6);
  block[8 + 2] = 2;  // another tag
  EXPECT_EQ(orientation(block), 1);
}

TEST(Metadata, ResettingChangesTheOrientationAlone) {
  const std::string attribute = "<a tiff:Orientation=\"6\" b='tiff:Orientation'/>";
  const std::string element = "<tiff:Orientation>8</tiff:Orientation> tiff:Orientation='3'";
  PictureMetadata metadata;
  metadata.exif = bytes_of(tiff(6));
  metadata.xmp = bytes_of(attribute + element);
  reset_orientation(metadata);
  EXPECT_EQ(text_of(metadata.exif), tiff(1));
  EXPECT_EQ(text_of(metadata.xmp),
            "<a tiff:Orientation=\"1\" b='tiff:Orientation'/>"
            "<tiff:Orientation>1</tiff:Orientation> tiff:Orientation='1'");
  metadata.exif = {};
  metadata.xmp = bytes_of("tiff:Orientation=\"60\" tiff:Orientation=\"");
  const Bytes before = metadata.xmp;
  reset_orientation(metadata);
  EXPECT_EQ(metadata.xmp, before);
}

TEST(Metadata, ThePrefixOfJpegIsTakenOff) {
  EXPECT_EQ(as_text(without_exif_prefix(bytes_of(std::string("Exif\0\0MM", 8)))), "MM");
  EXPECT_EQ(as_text(without_exif_prefix(bytes_of("MM"))), "MM");
  EXPECT_TRUE(without_exif_prefix({}).empty());
}

TEST(Metadata, BlocksAreUnpackedUpToALimit) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{5000}, size_t{3} << 20}) {
    const Bytes raw(size, std::byte{0x61});
    const Bytes packed = test::deflated(raw);
    EXPECT_EQ(inflate_block(packed, size), raw);
    EXPECT_EQ(inflate_block(packed, size - 1).has_value(), size == 0);
    EXPECT_FALSE(inflate_block(ByteSpan(packed).first(packed.size() - 1), size).has_value());
  }
  EXPECT_FALSE(inflate_block({}, 100).has_value());
  EXPECT_FALSE(inflate_block(bytes_of("not packed"), 100).has_value());
}

}  // namespace
}  // namespace ink
