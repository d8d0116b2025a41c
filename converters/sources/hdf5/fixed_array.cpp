#include "converters/sources/hdf5/fixed_array.h"

#include "converters/sources/hdf5/checksum.h"
#include "kernels/base/divide.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kArray = "a fixed array";
constexpr std::string_view kBlock = "the data block of a fixed array";
constexpr std::string_view kPage = "a page of a fixed array";

}  // namespace

Result<std::vector<Record>> read_fixed_array(Space& space, uint64_t address, bool filtered,
                                             uint64_t entry_bytes, uint64_t page_bits) {
  INK_TRY(ByteReader head, claim_checked(space, address, 28, "FAHD", kArray));
  INK_TRY(const std::span<const std::byte> raw, head.bytes(20, kArray));
  const uint64_t entries = number(raw, 4, 8), block = number(raw, 12, 8);
  if (number(raw, 0, 1) != 0 || number(raw, 1, 1) != (filtered ? 1 : 0) || number(raw, 2, 1) != entry_bytes ||
      number(raw, 3, 1) != page_bits || page_bits > 32) {
    return model_error(space.origin(), ": ", kArray, " at offset ", address, " has entries of ",
                       number(raw, 2, 1), " bytes and other fields that do not fit its data");
  }
  std::vector<Record> records;
  if (block == kUndefined) return records;
  if (entries > space.size() / entry_bytes) {
    return model_error(space.origin(), ": ", kArray, " at offset ", address, " declares ", entries,
                       " entries, more than the file can hold");
  }
  const uint64_t page_entries = uint64_t{1} << page_bits;
  const bool paged = entries > page_entries;
  const uint64_t pages = paged ? divide_up(entries, page_entries) : 0;
  const uint64_t prefix = 4 + 2 + 8, bitmap = (pages + 7) / 8;
  const uint64_t inside = paged ? bitmap : entries * entry_bytes;
  INK_TRY(ByteReader reader, claim_checked(space, block, prefix + inside + 4, "FADB", kBlock));
  INK_TRY(const std::span<const std::byte> fields, reader.bytes(10, kBlock));
  if (number(fields, 0, 2) != (filtered ? 256 : 0) || number(fields, 2, 8) != address) {
    return model_error(space.origin(), ": ", kBlock, " at offset ", block,
                       " does not belong to the array at ", address);
  }
  const auto take = [&](ByteReader& from, uint64_t count) -> Status {
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t offset = from.offset();
      INK_TRY(const std::span<const std::byte> entry, from.bytes(entry_bytes, kArray));
      records.push_back({entry, offset});
    }
    return {};
  };
  if (!paged) {
    INK_TRY_STATUS(take(reader, entries));
    return records;
  }
  INK_TRY(const std::span<const std::byte> written, reader.bytes(bitmap, kBlock));
  uint64_t at = block + prefix + inside + 4;
  for (uint64_t page = 0; page < pages; ++page) {
    const uint64_t count = std::min(page_entries, entries - page * page_entries);
    const uint64_t bytes = count * entry_bytes + 4;
    if (!(number(written, page / 8, 1) >> (7 - page % 8) & 1)) {
      return model_error(space.origin(), ": ", kPage, " at offset ", at,
                         " was never written: chunks are missing");
    }
    INK_TRY(ByteReader entries_of_page, claim_checked(space, at, bytes, "", kPage));
    INK_TRY_STATUS(take(entries_of_page, count));
    at += bytes;
  }
  return records;
}

}  // namespace ink::hdf5
