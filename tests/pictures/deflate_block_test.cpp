#include "pictures/deflate_block.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace ink {
namespace {

using Bytes = std::vector<std::byte>;

Bytes inflated(const Bytes& stream, size_t size) {
  Bytes raw(size + 1);
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, -MAX_WBITS), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stream.data()));
  z.avail_in = static_cast<uInt>(stream.size());
  z.next_out = reinterpret_cast<Bytef*>(raw.data());
  z.avail_out = static_cast<uInt>(raw.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(z.avail_in, 0u);
  raw.resize(z.total_out);
  inflateEnd(&z);
  return raw;
}

// From bytes that hardly compress to bytes that are all alike.
Bytes sample(size_t size, unsigned kinds, std::mt19937& random) {
  Bytes raw(size);
  for (std::byte& byte : raw) byte = static_cast<std::byte>(random() % kinds);
  return raw;
}

TEST(DeflateBlocks, BlocksInARowAreOneStream) {
  constexpr size_t kLargest = 20000;
  std::mt19937 random(1);
  for (const int level : {0, 1, 5, 6, 7, 8, 9}) {
    DeflateBlocks blocks(kLargest, level);
    for (int round = 0; round < 300; ++round) {
      Bytes whole, stream, room;
      const unsigned count = 1 + static_cast<unsigned>(random() % 6);
      for (unsigned i = 0; i < count; ++i) {
        const size_t size = 1 + (round % 3 == 0 ? random() % 20 : random() % kLargest);
        const Bytes raw = sample(size, 1 + static_cast<unsigned>(random() % 256), random);
        room.assign(blocks.bound(size), std::byte{0xee});
        const size_t packed = blocks.compress(raw, i + 1 == count, room.data());
        ASSERT_LE(packed, room.size());
        stream.insert(stream.end(), room.begin(), room.begin() + static_cast<Bytes::difference_type>(packed));
        whole.insert(whole.end(), raw.begin(), raw.end());
      }
      ASSERT_EQ(inflated(stream, whole.size()), whole) << "level " << level << " round " << round;
    }
  }
}

TEST(DeflateBlocks, ABlockDoesNotDependOnThoseBefore) {
  std::mt19937 random(2);
  const Bytes first = sample(5000, 9, random), second = sample(7000, 5, random);
  DeflateBlocks used(8000, 6), fresh(8000, 6);
  Bytes a(used.bound(8000)), b(fresh.bound(8000));
  used.compress(first, false, a.data());
  const size_t after = used.compress(second, false, a.data()),
               alone = fresh.compress(second, false, b.data());
  ASSERT_EQ(after, alone);
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + static_cast<Bytes::difference_type>(after), b.begin()));
}

TEST(DeflateBlocks, AZlibBlockIsWhole) {
  std::mt19937 random(3);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100000}}) {
    const Bytes raw = sample(size, 7, random);
    const Bytes packed = zlib_block(raw);
    Bytes back(size + 1);
    uLongf length = back.size();
    ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(back.data()), &length,
                         reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
              Z_OK);
    back.resize(length);
    EXPECT_EQ(back, raw);
  }
}

}  // namespace
}  // namespace ink
