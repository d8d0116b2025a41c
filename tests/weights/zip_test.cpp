#include "weights/zip.h"

#include <gtest/gtest.h>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using test::build_zip;
using test::Bytes;
using test::bytes_of;
using test::deflated_part;
using test::little_endian;
using test::stored_part;
using test::ZipPart;
using test::operator+;

Bytes noise(size_t size) {
  Bytes bytes;
  uint32_t state = 1;
  for (size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24));
  return bytes;
}

std::vector<ZipPart> parts() {
  return {stored_part("folder/stored", noise(100)),
          deflated_part("deflated", bytes_of("twice twice twice twice")), stored_part("empty", {}),
          deflated_part("empty too", {})};
}

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  const Bytes archive = build_zip(parts(), "a comment with PK\x05\x06 in it");
  const auto zip = ZipReader::open(archive, "z");
  ASSERT_TRUE(zip.ok()) << zip.error().message;
  EXPECT_EQ(zip->members().size(), 4u);
  EXPECT_EQ(*zip->read(*zip->find("folder/stored")), noise(100));
  EXPECT_EQ(*zip->read(*zip->find("deflated")), bytes_of("twice twice twice twice"));
  EXPECT_TRUE(zip->read(*zip->find("empty"))->empty());
  EXPECT_TRUE(zip->read(*zip->find("empty too"))->empty());
  EXPECT_EQ(zip->find("folder"), nullptr);
}

TEST(Zip, AnEmptyArchiveHasNoMembers) {
  const Bytes archive = build_zip({});
  const auto zip = ZipReader::open(archive, "z");
  ASSERT_TRUE(zip.ok()) << zip.error().message;
  EXPECT_TRUE(zip->members().empty());
}

// The first error of opening the archive and reading all its members.
std::string refusal(const Bytes& archive, const ModelLimits& limits = {}) {
  const auto zip = ZipReader::open(archive, "z", limits);
  if (!zip.ok()) {
    EXPECT_EQ(zip.error().kind, ErrorKind::model);
    return zip.error().message;
  }
  for (const ZipMember& member : zip->members()) {
    const auto bytes = zip->read(member);
    if (!bytes.ok()) return bytes.error().message;
  }
  return "accepted";
}

TEST(ZipHazard, LocalHeaderAndDirectoryDisagree) {
  ZipPart part = stored_part("a", noise(8));
  part.name_local = "b";
  EXPECT_EQ(refusal(build_zip({&part, 1})), "z: the header of member 'a' at offset 0 names it 'b'");
  part = stored_part("a", noise(8));
  part.size_local = 9;
  EXPECT_EQ(refusal(build_zip({&part, 1})),
            "z: the header of member 'a' at offset 0 says unpacked size 9, the directory 8");
  part = stored_part("a", noise(8));
  part.crc_local = 5;
  EXPECT_TRUE(refusal(build_zip({&part, 1}))
                  .starts_with("z: the header of member 'a' at offset 0 says checksum 5, the"));
  part = stored_part("a", noise(8));
  part.method_local = 8;
  EXPECT_EQ(refusal(build_zip({&part, 1})),
            "z: the header of member 'a' at offset 0 says method 8, the directory 0");
}

TEST(ZipHazard, Overlap) {
  std::vector<ZipPart> two = {stored_part("a", noise(8)), stored_part("a", noise(8))};
  two[1].offset = 0;
  EXPECT_EQ(refusal(build_zip(two)),
            "z: member 'a' begins at offset 0, expected 39: it overlaps what comes before");
}

TEST(ZipHazard, QuotedOverlap) {
  // The second member lies inside the data of the first, which is an archive itself.
  const ZipPart inner = stored_part("inner", noise(8));
  const Bytes inside = build_zip({&inner, 1});
  std::vector<ZipPart> two = {stored_part("outer", inside), inner};
  two[1].offset = 35;
  EXPECT_EQ(refusal(build_zip(two)),
            "z: member 'inner' begins at offset 35, expected 151: it overlaps what comes before");
}

TEST(ZipHazard, GapAndJunk) {
  const std::vector<ZipPart> good = parts();
  EXPECT_TRUE(refusal(build_zip(good, "", noise(3))).ends_with(": there is a gap"));
  EXPECT_TRUE(
      refusal(noise(3) + build_zip(good)).ends_with(": incomplete, or something stands before the archive"));
  EXPECT_EQ(refusal(build_zip(good) + noise(3)),
            "z: has no end record of a zip archive from offset 0 to its end at 511: incomplete download?");
}

TEST(ZipHazard, Duplicate) {
  const std::vector<ZipPart> two = {stored_part("a", noise(8)), stored_part("a", noise(8))};
  EXPECT_EQ(refusal(build_zip(two)), "z: the member 'a' is there twice, at offset 31 and 70");
}

TEST(ZipHazard, FlagsAndMethods) {
  const std::pair<uint16_t, std::string> flags[] = {
      {0x0001, "z: member 'a' (entry at offset 39) is encrypted, which is not supported"},
      {0x0040, "z: member 'a' (entry at offset 39) is encrypted, which is not supported"},
      {0x2000, "z: member 'a' (entry at offset 39) is encrypted, which is not supported"},
      {0x0020, "z: member 'a' (entry at offset 39) has unknown flags 0x00000020"},
      {0x0806, "accepted"},
  };
  for (const auto& [bits, message] : flags) {
    ZipPart part = stored_part("a", noise(8));
    part.flags = bits;
    EXPECT_EQ(refusal(build_zip({&part, 1})), message);
  }
  ZipPart part = stored_part("a", noise(8));
  part.method = 12;
  EXPECT_EQ(
      refusal(build_zip({&part, 1})),
      "z: member 'a' (entry at offset 39) is packed by method 12, supported: 0 (stored) and 8 (deflated)");
}

TEST(ZipHazard, Names) {
  for (const std::string& name : {std::string(), std::string("a\0b", 3)}) {
    const ZipPart part = stored_part(name, noise(8));
    EXPECT_TRUE(refusal(build_zip({&part, 1})).ends_with(" has an impossible name"));
  }
}

TEST(ZipHazard, Checksum) {
  for (ZipPart part : {stored_part("a", noise(8)), deflated_part("a", noise(8))}) {
    part.crc ^= 1;
    EXPECT_TRUE(refusal(build_zip({&part, 1})).starts_with("z: member 'a' at offset 31 has the checksum 0x"));
  }
}

TEST(ZipHazard, UnpackedSizeIsALie) {
  ZipPart stored = stored_part("a", noise(8));
  stored.size = 9;
  EXPECT_EQ(
      refusal(build_zip({&stored, 1})),
      "z: member 'a' (entry at offset 39) is stored and has 8 packed and 9 unpacked bytes, expected as many");
  for (const uint32_t size : {7u, 9u, 0u}) {
    ZipPart deflated = deflated_part("a", noise(8));
    deflated.size = size;
    EXPECT_EQ(refusal(build_zip({&deflated, 1})),
              "z: member 'a' at offset 31 does not unpack to its " + std::to_string(size) + " bytes");
  }
}

TEST(ZipHazard, BytesBehindTheDeflateStream) {
  ZipPart part = deflated_part("a", noise(8));
  part.data = part.data + noise(1);
  EXPECT_EQ(refusal(build_zip({&part, 1})), "z: member 'a' at offset 31 does not unpack to its 8 bytes");
}

TEST(ZipHazard, Bomb) {
  ZipPart part = deflated_part("a", Bytes(100'000));
  EXPECT_TRUE(
      refusal(build_zip({&part, 1})).starts_with("z: would unpack to 100000 bytes, more than 4 times"));
  part.size = 4'000'000'000u;
  EXPECT_TRUE(refusal(build_zip({&part, 1})).ends_with("more than deflate can make"));
}

TEST(ZipHazard, CountsThatDoNotFit) {
  const ZipPart part = stored_part("a", noise(8));
  const Bytes good = build_zip({&part, 1});
  const size_t end = good.size() - 22;
  const auto with = [&](size_t at, const Bytes& bytes) {
    Bytes archive = good;
    std::ranges::copy(bytes, archive.begin() + static_cast<ptrdiff_t>(end + at));
    return archive;
  };
  EXPECT_EQ(refusal(with(8, little_endian(0x00020002, 4))),
            "z: an entry of the zip directory at offset 86 needs 4 bytes, 0 are left");
  EXPECT_EQ(refusal(with(8, little_endian(0, 4))),
            "z: the zip directory has 47 bytes after its 0 members, at offset 39");
  EXPECT_EQ(refusal(with(8, little_endian(0xffffffff, 4))),
            "z: the end record at offset 86 refers to one of zip64, which is not there");
  EXPECT_EQ(refusal(with(4, little_endian(1, 2))),
            "z: is a zip archive of several disks, by the record at offset 86, which is not supported");
  EXPECT_EQ(refusal(with(16, little_endian(0xfffffffe, 4))),
            "z: the zip directory of 47 bytes at offset 4294967294 does not end where its end record begins, "
            "at 86: "
            "incomplete, or something stands before the archive");
  ModelLimits limits;
  limits.zip_entries = 0;
  EXPECT_EQ(refusal(good, limits), "z: the zip directory at offset 39 has 1 members, the limit is 0");
}

TEST(ZipHazard, OffsetOutsideTheMembers) {
  for (const int64_t offset : {40, 39, 86, 1 << 30}) {
    ZipPart part = stored_part("a", noise(8));
    part.offset = offset;
    EXPECT_NE(refusal(build_zip({&part, 1})), "accepted");
  }
}

TEST(ZipHazard, EveryTruncationIsRefused) {
  const Bytes archive = build_zip(parts());
  for (size_t size = 0; size < archive.size(); ++size) {
    const Bytes cut(archive.begin(), archive.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_NE(refusal(cut), "accepted") << size;
  }
}

// What may turn unseen is what says nothing about the data: versions, attributes, harmless flags.
TEST(ZipHazard, EveryFlippedBitIsRefusedOrHarmless) {
  const Bytes archive = build_zip(parts());
  for (size_t bit = 0; bit < archive.size() * 8; ++bit) {
    Bytes flipped = archive;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const auto zip = ZipReader::open(flipped, "z");
    if (!zip.ok()) continue;
    for (const ZipPart& part : parts()) {
      const ZipMember* member = zip->find(part.name);
      ASSERT_NE(member, nullptr) << bit;
      const auto bytes = zip->read(*member);
      EXPECT_TRUE(!bytes.ok() || bytes->size() == part.size) << bit;
    }
  }
}

}  // namespace
}  // namespace ink
