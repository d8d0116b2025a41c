#include <gtest/gtest.h>

#include <string>

#include "converters/sources/tensorflow/snappy.h"
#include "tests/converters/sample_tensorflow.h"
#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using test::block_of;
using test::SampleBundle;
using test::table_of_blocks;
using test::tf_refusal;
using test::varint;

constexpr uint64_t kHuge = ~uint64_t{0};

std::string block_refusal(const std::string& block, int kind = 0) {
  return tf_refusal(table_of_blocks({{"z", block, kind}}));
}

// Entries as they stand, with these restarts.
std::string raw_block(const std::string& entries, std::initializer_list<uint32_t> restarts = {0}) {
  std::string block = entries;
  for (const uint32_t restart : restarts) block += test::little(restart, 4);
  return block + test::little(restarts.size(), 4);
}

std::string raw_entry(uint64_t shared, uint64_t fresh, uint64_t length, const std::string& rest) {
  return varint(shared) + varint(fresh) + varint(length) + rest;
}

const std::string kHeader = test::header_of(1);
const std::string kHeaderEntry = raw_entry(0, 0, kHeader.size(), kHeader);  // 9 bytes

TEST(TfTableHazard, Footer) {
  const std::string good = SampleBundle().index();
  EXPECT_EQ(tf_refusal(good), "accepted");
  EXPECT_EQ(tf_refusal(""), "i: does not end as an index of TensorFlow does at offset 0; is it cut short?");
  EXPECT_EQ(tf_refusal(good.substr(0, 47)),
            "i: does not end as an index of TensorFlow does at offset 39; is it cut short?");
  EXPECT_EQ(tf_refusal(good + " "),
            "i: does not end as an index of TensorFlow does at offset 94; is it cut short?");
  const auto with_footer = [](const std::string& footer) {
    return tf_refusal(table_of_blocks({}, nullptr, &footer));
  };
  EXPECT_EQ(with_footer(std::string(40, '\xff')), "i: the footer at offset 26 has no places of blocks");
  EXPECT_EQ(with_footer(varint(0) + varint(8) + varint(13) + varint(8) + "x"),
            "i: the footer at offset 30 has something behind the places of blocks");
  EXPECT_EQ(with_footer(varint(0) + varint(8) + varint(13) + varint(9)),
            "i: the place of a block at offset 26 is 9 bytes at offset 13, where 26 bytes of blocks are");
  EXPECT_EQ(
      with_footer(varint(0) + varint(8) + varint(kHuge) + varint(8)),
      "i: the place of a block at offset 26 is 8 bytes at offset 18446744073709551615, where 26 bytes of "
      "blocks are");
  EXPECT_EQ(
      with_footer(varint(5) + varint(kHuge) + varint(13) + varint(8)),
      "i: the place of a block at offset 26 is 18446744073709551615 bytes at offset 5, where 26 bytes of "
      "blocks are");
}

TEST(TfTableHazard, Checksum) {
  std::string index = SampleBundle().index();
  index[3] = static_cast<char>(index[3] ^ 1);
  EXPECT_EQ(tf_refusal(index).substr(0, 44), "i: the block at offset 0 has the checksum 0x");
}

TEST(TfTableHazard, Blocks) {
  EXPECT_EQ(block_refusal("1234567"), "i: the block at offset 0 has 7 bytes, expected 8 or more");
  EXPECT_EQ(block_refusal(test::little(0, 8)),
            "i: the block at offset 0 of 8 bytes is said to have 0 restarts");
  EXPECT_EQ(block_refusal(test::little(0, 4) + test::little(0x40000001, 4)),
            "i: the block at offset 0 of 8 bytes is said to have 1073741825 restarts");
  EXPECT_EQ(block_refusal(test::little(9, 4) + test::little(1, 4)),
            "i: the block at offset 0 has restarts and no entries");
  EXPECT_EQ(block_refusal(block_of({})), "i: the block at offset 0 has no entries");
  EXPECT_EQ(block_refusal(block_of({}), 2),
            "i: the block at offset 0 is packed in way 2; supported: 0 (plain) and 1 (Snappy)");
}

TEST(TfTableHazard, Restarts) {
  EXPECT_EQ(block_refusal(raw_block(kHeaderEntry)), "accepted");
  EXPECT_EQ(block_refusal(raw_block(kHeaderEntry, {1})),
            "i: the restart at offset 9 is 1, where no entry begins");
  EXPECT_EQ(block_refusal(raw_block(kHeaderEntry, {0, 9})),
            "i: the restart at offset 13 is 9, where no entry begins");
  EXPECT_EQ(block_refusal(raw_block(kHeaderEntry, {0, 0})),
            "i: the restart at offset 13 is 0, where no entry begins");
  EXPECT_EQ(block_refusal(raw_block(kHeaderEntry + raw_entry(0, 1, 0, "a"), {0, 0xffffffff})),
            "i: the restart at offset 17 is 4294967295, where no entry begins");
}

TEST(TfTableHazard, Keys) {
  const auto second = [](const std::string& entry) { return block_refusal(raw_block(kHeaderEntry + entry)); };
  EXPECT_EQ(second(raw_entry(1, 1, 0, "a")), "i: the entry at offset 9 shares 1 bytes with a key of 0");
  EXPECT_EQ(second(raw_entry(kHuge, 2, 0, "a")),
            "i: the entry at offset 9 shares 18446744073709551615 bytes with a key of 0");
  EXPECT_EQ(second(raw_entry(0, 2, 0, "a")),
            "i: the entry at offset 9 has a key of 2 and a value of 0 bytes, 1 are left");
  EXPECT_EQ(second(raw_entry(0, 1, kHuge, "a")),
            "i: the entry at offset 9 has a key of 1 and a value of 18446744073709551615 bytes, 1 are left");
  EXPECT_EQ(second("\x80"), "i: the entry at offset 9 has broken lengths");
  EXPECT_EQ(second(raw_entry(0, 0, 0, "")), "i: the entry at offset 9 has a key that does not come after ''");
  EXPECT_EQ(second(raw_entry(0, 4097, 0, std::string(4097, 'a'))),
            "i: the entry at offset 9 has a key of 4097 bytes, the limit is 4096");
  EXPECT_EQ(block_refusal(raw_block(raw_entry(0, 0, kHeader.size(), kHeader) + raw_entry(0, 1, 0, "b") +
                                    raw_entry(1, 0, 0, ""))),
            "i: the entry at offset 13 has a key that does not come after 'b'");
  EXPECT_EQ(
      block_refusal(raw_block(kHeaderEntry + raw_entry(0, 1, 0, "b") + raw_entry(1, 1, 0, "c"), {0, 13})),
      "i: the entry at offset 13 shares 1 bytes with a key of 0");
}

TEST(TfTableHazard, KeysOfManyBlocks) {
  const std::string first = block_of({{"", kHeader}, {"b", ""}});
  EXPECT_EQ(tf_refusal(table_of_blocks({{"b", first}, {"c", block_of({{"b", ""}})}})),
            "i: the entry at offset 26 has a key that does not come after 'b'");
  EXPECT_EQ(tf_refusal(table_of_blocks({{"a", first}})),
            "i: the index entry at offset 39 has a key before 'b', which its block ends with");
  // The same block again and again.
  const std::string place = varint(0) + varint(first.size());
  const std::string twice = block_of({{"b", place}, {"c", place}});
  EXPECT_EQ(tf_refusal(table_of_blocks({{"b", first}}, &twice)),
            "i: the place of a block at offset 49 is offset 0, before the end of the last one at 26");
  const std::string longer = block_of({{"b", place + varint(0)}});
  EXPECT_EQ(tf_refusal(table_of_blocks({{"b", first}}, &longer)),
            "i: the place of a block at offset 43 is broken");
}

// A few bytes an entry, each of which has a long key: 4 KiB of keys for every 5 bytes.
TEST(TfTableHazard, KeysThatShareMuch) {
  test::TableEntries entries = {{"", kHeader}};
  for (int i = 0; i < 300; ++i) entries.emplace_back(std::string(1000, 'k') + std::to_string(1000 + i), "");
  ModelLimits limits;
  limits.tf_keys_bytes = 100'000;
  EXPECT_EQ(tf_refusal(test::table_of(entries, {1000, 1000}), "", limits),
            "i: the entry at offset 1516 brings the keys to more than 100000 bytes");
  limits.tensors = 50;
  EXPECT_EQ(tf_refusal(test::table_of(entries, {1000, 1000}), "", limits),
            "i: the entry at offset 1261 is one more than 50");
}

TEST(TfSnappyHazard, Blocks) {
  const auto packed = [](const std::string& block) { return block_refusal(block, 1); };
  const std::string plain = block_of({{"", kHeader}});
  EXPECT_EQ(packed(test::snappy_literals(plain)), "accepted");
  EXPECT_EQ(packed(varint(5 << 20) + std::string(100'000, 'x')),
            "i: the Snappy block at offset 0 of 100004 bytes is said to unpack to 5242880, at most 4194304 "
            "and 64 times "
            "its size is allowed");
  EXPECT_EQ(packed(varint(1000) + "x"),
            "i: the Snappy block at offset 0 of 3 bytes is said to unpack to 1000, at most 4194304 and 64 "
            "times its "
            "size is allowed");
  EXPECT_EQ(packed(std::string(10, '\xff')), "i: the Snappy block at offset 0 has no size");
  EXPECT_EQ(packed(""), "i: the Snappy block at offset 0 has no size");
  EXPECT_EQ(packed(varint(9) + "\x08" + "ab"), "i: the Snappy block at offset 1 needs 3 bytes, 2 are left");
  EXPECT_EQ(packed(varint(9) + "\xf0"), "i: the Snappy block at offset 1 has a broken element");
  EXPECT_EQ(packed(varint(9) + "\xfc\xff\xff\xff\xff"),
            "i: the Snappy block at offset 1 unpacks to more than its 9 bytes");
  EXPECT_EQ(packed(varint(9) + std::string("\x04"
                                           "ab"
                                           "\x01\x03",
                                           5)),
            "i: the Snappy block at offset 4 copies from 3 bytes back, where 2 are unpacked");
  EXPECT_EQ(packed(varint(9) + std::string("\x04"
                                           "ab"
                                           "\x01\x00",
                                           5)),
            "i: the Snappy block at offset 4 has a broken element");
  EXPECT_EQ(packed(varint(9) + "\x02\x01"), "i: the Snappy block at offset 1 has a broken element");
  EXPECT_EQ(packed(varint(2) + std::string("\x00"
                                           "a"
                                           "\x22\x01\x00",
                                           5)),
            "i: the Snappy block at offset 3 unpacks to more than its 2 bytes");
  EXPECT_EQ(packed(varint(9) + std::string("\x00"
                                           "a",
                                           2)),
            "i: the Snappy block at offset 0 unpacks to 1 bytes, expected 9");
}

// All three kinds of copies and all lengths of literals, one that reaches into what it writes.
TEST(TfSnappyHazard, EveryElement) {
  const std::string file = "f";
  std::string packed = varint(300 + 4 + 9 + 20) + "\xf4" + test::little(299, 2);
  std::string expected;
  for (int i = 0; i < 300; ++i) expected += static_cast<char>('a' + i % 26);
  packed += expected;
  packed += std::string("\x21\x04", 2) + "\x22" + test::little(1, 2) + "\x4f" + test::little(313, 4);
  expected += expected.substr(300 - 260, 4);
  expected += std::string(9, expected.back());
  expected += expected.substr(0, 20);
  const auto unpacked = unpack_snappy(std::as_bytes(std::span(packed)), {&file, 0}, 1000);
  ASSERT_TRUE(unpacked.ok()) << unpacked.error().message;
  EXPECT_EQ(test::text_of(*unpacked), expected);
}

}  // namespace
}  // namespace ink
