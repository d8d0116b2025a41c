#include "converters/sources/hdf5/space.h"

#include <iterator>

#include "weights/message.h"

namespace ink::hdf5 {

uint64_t number(std::span<const std::byte> raw, size_t at, size_t count) {
  INK_CHECK(count <= 8 && at <= raw.size() && count <= raw.size() - at);
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(raw[at + i]);
  return value;
}

Result<uint64_t> number(ByteReader& reader, size_t count, std::string_view what) {
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(count, what));
  return number(raw, 0, count);
}

Status expect_end(const ByteReader& reader, std::string_view what) {
  if (reader.remaining() < 8) return {};
  return model_error(reader.file(), ": ", what, " ends at offset ", reader.offset(), ", but ",
                     reader.remaining(), " bytes are left for it");
}

Result<ByteReader> Space::at(uint64_t address, uint64_t size, std::string_view what) const {
  if (address > bytes_.size() || size > bytes_.size() - address) {
    return model_error(origin_, ": ", what, " of ", size, " bytes is said to be at offset ", address,
                       ", beyond the end at ", bytes_.size());
  }
  return ByteReader(bytes_.subspan(static_cast<size_t>(address), static_cast<size_t>(size)), origin_,
                    address);
}

Result<ByteReader> Space::claim_reader(uint64_t address, uint64_t size, std::string_view what) {
  INK_TRY(ByteReader reader, at(address, size, what));
  if (size == 0) return reader;
  uint64_t begin = address, end = address + size;
  const auto overlap = [&](const auto& other) {
    return model_error(origin_, ": ", what, " at offset ", address, " overlaps ", other.second.what,
                       " at offset ", other.first);
  };
  auto next = claims_.lower_bound(address);
  if (next != claims_.end()) {
    if (next->first < end) return overlap(*next);
    if (next->first == end && next->second.what == what) {
      end = next->second.end;
      next = claims_.erase(next);
    }
  }
  if (next != claims_.begin()) {
    const auto before = std::prev(next);
    if (before->second.end > address) return overlap(*before);
    if (before->second.end == address && before->second.what == what) {
      before->second.end = end;
      return reader;
    }
  }
  claims_.emplace_hint(next, begin, Claim{end, what});
  return reader;
}

Result<std::span<const std::byte>> Space::claim(uint64_t address, uint64_t size, std::string_view what) {
  INK_TRY(ByteReader reader, claim_reader(address, size, what));
  return reader.bytes(size, what);
}

}  // namespace ink::hdf5
