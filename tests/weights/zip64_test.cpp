#include <gtest/gtest.h>

#include "tests/weights/sample_files.h"
#include "weights/zip.h"

namespace ink {
namespace {

using test::build_zip;
using test::build_zip64;
using test::Bytes;
using test::bytes_of;
using test::described_part;
using test::little_endian;
using test::stored_part;
using test::ZipPart;
using test::operator+;

std::string refusal(const Bytes& archive) {
  const auto zip = ZipReader::open(archive, "z");
  if (!zip.ok()) {
    EXPECT_EQ(zip.error().kind, ErrorKind::model);
    return zip.error().message;
  }
  for (const ZipMember& member : zip->members()) {
    const auto bytes = zip->read(member);
    if (!bytes.ok()) return bytes.error().message;
    EXPECT_EQ(bytes->size(), member.size);
  }
  return "accepted";
}

const Bytes kData = bytes_of("12345678");

// The zip64 field of a central entry: size, packed size, offset.
Bytes wide_field(std::initializer_list<uint64_t> values) {
  Bytes field = little_endian(1, 2) + little_endian(values.size() * 8, 2);
  for (const uint64_t value : values) field = field + little_endian(value, 8);
  return field;
}

ZipPart wide_part() {
  ZipPart part = stored_part("a", kData);
  part.size_field = part.offset_field = 0xffffffff;
  part.extra_central = wide_field({8, 8, 0});
  part.extra_local = wide_field({8, 8});
  return part;
}

TEST(Zip64, ReadsWhatTorchWrites) {
  const std::vector<ZipPart> parts = {described_part("a", kData), described_part("b", kData, true),
                                      described_part("c", {}), stored_part("d", kData)};
  for (const Bytes& archive : {build_zip64(parts), build_zip(parts)}) {
    const auto zip = ZipReader::open(archive, "z");
    ASSERT_TRUE(zip.ok()) << zip.error().message;
    for (const char* name : {"a", "b", "d"}) {
      const ZipMember* const member = zip->find(name);
      EXPECT_EQ(*zip->read(*member), kData);
      EXPECT_TRUE(zip->check_stored(*member).ok());
      EXPECT_EQ(member->data.data(), archive.data() + member->offset);
    }
  }
  EXPECT_EQ(refusal(build_zip64({})), "accepted");
}

TEST(Zip64, ReadsWideFields) {
  ZipPart part = wide_part();
  EXPECT_EQ(refusal(build_zip64({&part, 1})), "accepted");
  EXPECT_EQ(refusal(build_zip({&part, 1})), "accepted");
}

TEST(Zip64Hazard, WideFields) {
  const auto with = [](const Bytes& central, const Bytes& local = wide_field({8, 8})) {
    ZipPart part = wide_part();
    part.extra_central = central;
    part.extra_local = local;
    return refusal(build_zip64({&part, 1}));
  };
  EXPECT_EQ(with(wide_field({8, 8})),
            "z: the zip64 field of the zip directory's entry of member 'a' at offset 126 needs 8 bytes, 0 "
            "are left");
  EXPECT_EQ(with(wide_field({8, 8, 0, 0})),
            "z: member 'a' (entry at offset 59) has a zip64 field of 8 bytes too many");
  EXPECT_EQ(with(wide_field({8, 8, UINT64_MAX})),
            "z: the header of member 'a' is said to be at offset 18446744073709551615, beyond the end at 59");
  EXPECT_EQ(
      with(wide_field({9, 8, 0})),
      "z: member 'a' (entry at offset 59) is stored and has 8 packed and 9 unpacked bytes, expected as many");
  EXPECT_EQ(with(wide_field({UINT64_MAX, UINT64_MAX, 0})),
            "z: the header of member 'a' at offset 0 says packed size 8, the directory 18446744073709551615");
  EXPECT_EQ(with(wide_field({8, 8, 0}) + wide_field({8})),
            "z: the zip directory's entry of member 'a' has two zip64 fields, the second at offset 138");
  EXPECT_EQ(with({}), "z: the header of member 'a' is said to be at offset 4294967295, beyond the end at 59");
  EXPECT_EQ(with(wide_field({8, 8, 0}), wide_field({8})),
            "z: the zip64 field of the header of member 'a' at offset 43 needs 8 bytes, 0 are left");
  EXPECT_EQ(with(wide_field({8, 8, 0}), bytes_of("FB\xff")),
            "z: an extra field of the header of member 'a' at offset 33 needs 2 bytes, 1 are left");
  EXPECT_EQ(with(wide_field({8, 8, 0}), bytes_of("FBxx")),
            "z: an extra field of the header of member 'a' at offset 35 needs 30840 bytes, 0 are left");
}

TEST(Zip64Hazard, Descriptors) {
  const auto with = [](auto change) {
    ZipPart part = described_part("a", kData);
    change(part);
    return refusal(build_zip64({&part, 1}));
  };
  EXPECT_EQ(with([](ZipPart&) {}), "accepted");
  for (const size_t byte : {0u, 4u, 8u, 12u}) {
    const std::string message = with([&](ZipPart& part) { part.descriptor[byte] ^= std::byte{1}; });
    EXPECT_TRUE(message.starts_with("z: the data descriptor of member 'a' at offset 46 says 0x")) << message;
  }
  EXPECT_EQ(with([](ZipPart& part) { part.descriptor.pop_back(); }),
            "z: the data descriptor of member 'a' at offset 58 needs 4 bytes, 3 are left");
  EXPECT_EQ(with([](ZipPart& part) { part.descriptor.push_back({}); }),
            "z: the zip directory begins at offset 63, expected 62: there is a gap");
  EXPECT_EQ(with([](ZipPart& part) { part.descriptor.clear(); }),
            "z: the data descriptor of member 'a' at offset 46 needs 4 bytes, 0 are left");
  EXPECT_EQ(with([](ZipPart& part) {
              part.unknown_local = false;
              part.size_local = 7;
            }),
            "z: the header of member 'a' at offset 0 says unpacked size 7, the directory 8");
}

TEST(Zip64Hazard, EndRecords) {
  const ZipPart part = stored_part("a", kData);
  const auto with = [&](size_t at, uint64_t value, int width) {
    return refusal(build_zip64({&part, 1}, [&](Bytes& records) {
      std::ranges::copy(little_endian(value, width), records.begin() + static_cast<ptrdiff_t>(at));
    }));
  };
  EXPECT_EQ(with(0, 0, 0), "accepted");
  EXPECT_EQ(with(0, 0, 4),
            "z: expected the zip64 end record of 44 bytes at offset 86, found 0x00000000 and 44 bytes");
  EXPECT_EQ(with(4, 45, 8),
            "z: expected the zip64 end record of 44 bytes at offset 86, found 0x06064b50 and 45 bytes");
  for (const size_t disk : {16u, 20u, 24u, 60u}) {
    EXPECT_TRUE(
        with(disk, 7, 4).starts_with("z: is a zip archive of several disks, by the record at offset "))
        << disk;
  }
  EXPECT_EQ(with(72, 2, 4),
            "z: is a zip archive of several disks, by the record at offset 142, which is not supported");
  EXPECT_EQ(
      with(64, UINT64_MAX, 8),
      "z: the zip64 end record is said to be at offset 18446744073709551615, expected it 56 bytes before its "
      "locator at 142: incomplete, or something stands before the archive");
  EXPECT_EQ(with(40, 48, 8),
            "z: the zip64 end record at offset 86 says 1 members in 48 bytes at 39, the end record at 162 "
            "says 1 in "
            "47 at 39");
  EXPECT_EQ(
      with(48, UINT64_MAX, 8),
      "z: the zip64 end record at offset 86 says 1 members in 47 bytes at 18446744073709551615, the end "
      "record at 162 says 1 in 47 at 39");
}

}  // namespace
}  // namespace ink
