#include "weights/crc32.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <vector>

namespace ink {
namespace {

TEST(Crc32, IsThatOfZlibForAnyLengthAndPlace) {
  std::vector<std::byte> bytes(5000);
  uint32_t state = 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
  for (size_t size = 0; size < 700; ++size) {
    for (const size_t first : {size_t{0}, size_t{1}, size_t{15}}) {
      const std::span<const std::byte> part = std::span(bytes).subspan(first, size);
      ASSERT_EQ(crc32_of(part), crc32_z(0, reinterpret_cast<const Bytef*>(part.data()), size)) << size;
    }
  }
  EXPECT_EQ(crc32_of(bytes), crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace
}  // namespace ink
