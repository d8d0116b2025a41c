#include "weights/byte_reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

TEST(ByteReader, ReadsLittleEndian) {
  const auto bytes = test::bytes_of_values<uint8_t>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255});
  ByteReader reader(bytes, "file", 100);
  EXPECT_EQ(*reader.u16("a"), 0x0201u);
  EXPECT_EQ(*reader.u32("b"), 0x06050403u);
  EXPECT_EQ(*reader.u64("c"), 0x0e0d0c0b0a090807u);
  EXPECT_EQ(reader.remaining(), 1u);
  EXPECT_EQ(reader.offset(), 114u);
  EXPECT_EQ((*reader.bytes(1, "d"))[0], std::byte{255});
  EXPECT_TRUE(reader.bytes(0, "e").ok());
  EXPECT_TRUE(reader.seek(15, "f"));
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteReader, StopsAtTheEnd) {
  const auto bytes = test::bytes_of_values<uint8_t>({1, 2, 3});
  ByteReader reader(bytes, "file", 100);
  EXPECT_TRUE(reader.u16("a").ok());
  EXPECT_EQ(reader.u16("the size").error().message, "file: the size at offset 102 needs 2 bytes, 1 are left");
  EXPECT_EQ(reader.bytes(std::numeric_limits<uint64_t>::max(), "it").error().message,
            "file: it at offset 102 needs 18446744073709551615 bytes, 1 are left");
  EXPECT_EQ(reader.seek(4, "the table").error().message,
            "file: the table is said to be at offset 104, beyond the end at 103");
  EXPECT_EQ(reader.position(), 2u);
  EXPECT_EQ(reader.u16("a").error().kind, ErrorKind::model);
}

}  // namespace
}  // namespace ink
