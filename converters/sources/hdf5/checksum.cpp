#include "converters/sources/hdf5/checksum.h"

#include <bit>

#include "weights/message.h"

namespace ink::hdf5 {

namespace {

struct State {
  uint32_t a, b, c;

  void mix() {
    const auto step = [](uint32_t& x, uint32_t& y, uint32_t& z, int turn) {
      x = (x - z) ^ std::rotl(z, turn);
      z += y;
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
  }

  void finish() {
    const auto step = [](uint32_t& x, uint32_t y, int turn) { x = (x ^ y) - std::rotl(y, turn); };
    step(c, b, 14);
    step(a, c, 11);
    step(b, a, 25);
    step(c, b, 16);
    step(a, c, 4);
    step(b, a, 14);
    step(c, b, 24);
  }
};

}  // namespace

uint32_t lookup3(std::span<const std::byte> bytes) {
  const uint32_t start = 0xdeadbeef + static_cast<uint32_t>(bytes.size());
  State state{start, start, start};
  const auto add = [&](std::span<const std::byte> block) {
    const auto word = [&](size_t at) {
      const size_t count = at < block.size() ? std::min<size_t>(4, block.size() - at) : 0;
      return count == 0 ? 0 : static_cast<uint32_t>(number(block, at, count));
    };
    state.a += word(0);
    state.b += word(4);
    state.c += word(8);
  };
  while (bytes.size() > 12) {
    add(bytes.first(12));
    state.mix();
    bytes = bytes.subspan(12);
  }
  if (bytes.empty()) return state.c;
  add(bytes);
  state.finish();
  return state.c;
}

uint32_t fletcher32(std::span<const std::byte> bytes) {
  uint32_t sum = 0, sum_of_sums = 0;
  const auto fold = [](uint32_t x) { return (x & 0xffff) + (x >> 16); };
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t word = std::to_integer<uint32_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) word |= std::to_integer<uint32_t>(bytes[i + 1]);
    sum = fold(sum + word);
    sum_of_sums = fold(sum_of_sums + sum);
  }
  return sum_of_sums << 16 | sum;
}

Status check_sum(const Space& space, uint64_t address, std::span<const std::byte> raw,
                 std::string_view what) {
  INK_CHECK(raw.size() >= 4);
  const auto stored = static_cast<uint32_t>(number(raw, raw.size() - 4, 4));
  const uint32_t found = lookup3(raw.first(raw.size() - 4));
  if (stored == found) return {};
  return model_error(space.origin(), ": ", what, " at offset ", address, " has the checksum ", hex32(found),
                     ", expected ", hex32(stored));
}

Status expect_mark(ByteReader& reader, std::string_view mark, std::string_view what) {
  const uint64_t offset = reader.offset();
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(mark.size(), what));
  const std::string_view found(reinterpret_cast<const char*>(raw.data()), raw.size());
  if (found == mark) return {};
  return model_error(reader.file(), ": expected ", what, " at offset ", offset, ", which begins with ",
                     quote(mark), ", found ", quote(found));
}

Result<ByteReader> claim_checked(Space& space, uint64_t address, uint64_t size, std::string_view mark,
                                 std::string_view what) {
  INK_CHECK(size >= mark.size() + 4);
  INK_TRY(const std::span<const std::byte> raw, space.claim(address, size, what));
  ByteReader reader(raw.first(raw.size() - 4), space.origin(), address);
  INK_TRY_STATUS(expect_mark(reader, mark, what));
  INK_TRY_STATUS(check_sum(space, address, raw, what));
  return reader;
}

}  // namespace ink::hdf5
