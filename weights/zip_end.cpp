#include "weights/zip_end.h"

#include <algorithm>

#include "weights/byte_reader.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr uint32_t kEndMagic = 0x06054b50, kLocatorMagic = 0x07064b50, kEnd64Magic = 0x06064b50;
constexpr size_t kEndBytes = 22, kLongestComment = 65535, kLocatorBytes = 20, kEnd64Bytes = 56;
constexpr uint16_t kFull16 = 0xffff;
constexpr uint32_t kFull32 = 0xffffffff;

Error several_disks(const std::string& origin, uint64_t offset) {
  return model_error(origin, ": is a zip archive of several disks, by the record at offset ", offset,
                     ", which is not supported");
}

struct Located {
  ZipEnd end;
  size_t position = 0;  // of the record
};

// The record at the very end, whose comment may have up to 65,535 bytes.
Result<Located> find_last_record(std::span<const std::byte> archive, const std::string& origin) {
  const size_t window = std::min(archive.size(), kEndBytes + kLongestComment);
  for (size_t back = kEndBytes; back <= window; ++back) {
    const size_t position = archive.size() - back;
    if (archive[position] != std::byte{'P'}) continue;
    ByteReader reader(archive.subspan(position), origin, position);
    constexpr std::string_view kWhat = "the end record of the zip archive";
    INK_TRY(const uint32_t magic, reader.u32(kWhat));
    if (magic != kEndMagic) continue;
    INK_TRY(const uint16_t disk, reader.u16(kWhat));
    INK_TRY(const uint16_t first_disk, reader.u16(kWhat));
    INK_TRY(const uint16_t entries_here, reader.u16(kWhat));
    INK_TRY(const uint16_t entries, reader.u16(kWhat));
    INK_TRY(const uint32_t bytes, reader.u32(kWhat));
    INK_TRY(const uint32_t offset, reader.u32(kWhat));
    INK_TRY(const uint16_t comment, reader.u16(kWhat));
    if (comment != reader.remaining()) continue;  // these four bytes stand in a comment
    if (disk != 0 || first_disk != 0 || entries_here != entries) return several_disks(origin, position);
    return Located{{entries, bytes, offset}, position};
  }
  return model_error(origin, ": has no end record of a zip archive from offset ", archive.size() - window,
                     " to its end at ", archive.size(), ": incomplete download?");
}

// The zip64 record, which stands with its locator directly before the last one. What fits the last record is
// said by both.
Result<Located> read_end64(std::span<const std::byte> archive, const std::string& origin,
                           const Located& last) {
  const size_t locator_at = last.position - kLocatorBytes;
  ByteReader reader(archive.first(last.position), origin);
  constexpr std::string_view kWhat = "the zip64 end record";
  INK_TRY_STATUS(reader.seek(locator_at + 4, kWhat));
  INK_TRY(const uint32_t disk, reader.u32(kWhat));
  INK_TRY(const uint64_t position, reader.u64(kWhat));
  INK_TRY(const uint32_t disks, reader.u32(kWhat));
  if (disk != 0 || disks > 1) return several_disks(origin, locator_at);
  if (locator_at < kEnd64Bytes || position != locator_at - kEnd64Bytes) {
    return model_error(origin, ": ", kWhat, " is said to be at offset ", position, ", expected it ",
                       kEnd64Bytes, " bytes before its locator at ", locator_at,
                       ": incomplete, or something stands before the archive");
  }
  INK_TRY_STATUS(reader.seek(position, kWhat));
  INK_TRY(const uint32_t magic, reader.u32(kWhat));
  INK_TRY(const uint64_t size, reader.u64(kWhat));
  if (magic != kEnd64Magic || size != kEnd64Bytes - 12) {
    return model_error(origin, ": expected ", kWhat, " of 44 bytes at offset ", position, ", found ",
                       hex32(magic), " and ", size, " bytes");
  }
  INK_TRY_STATUS(reader.bytes(4, kWhat).status());  // the versions that made it and that it needs
  INK_TRY(const uint32_t disk64, reader.u32(kWhat));
  INK_TRY(const uint32_t first_disk64, reader.u32(kWhat));
  INK_TRY(const uint64_t entries_here, reader.u64(kWhat));
  Located found;
  found.position = static_cast<size_t>(position);
  INK_TRY(found.end.entries, reader.u64(kWhat));
  INK_TRY(found.end.bytes, reader.u64(kWhat));
  INK_TRY(found.end.offset, reader.u64(kWhat));
  if (disk64 != 0 || first_disk64 != 0 || entries_here != found.end.entries) {
    return several_disks(origin, position);
  }
  const auto agree = [](uint64_t narrow, uint64_t full, uint64_t wide) {
    return narrow == full || narrow == wide;
  };
  if (!agree(last.end.entries, kFull16, found.end.entries) ||
      !agree(last.end.bytes, kFull32, found.end.bytes) ||
      !agree(last.end.offset, kFull32, found.end.offset)) {
    return model_error(origin, ": the zip64 end record at offset ", position, " says ", found.end.entries,
                       " members in ", found.end.bytes, " bytes at ", found.end.offset,
                       ", the end record at ", last.position, " says ", last.end.entries, " in ",
                       last.end.bytes, " at ", last.end.offset);
  }
  return found;
}

}  // namespace

Result<ZipEnd> find_zip_end(std::span<const std::byte> archive, const std::string& origin) {
  INK_TRY(Located found, find_last_record(archive, origin));
  bool has_locator = false;
  if (found.position >= kLocatorBytes) {
    ByteReader reader(archive.subspan(found.position - kLocatorBytes), origin);
    INK_TRY(const uint32_t magic, reader.u32("the zip64 locator"));
    has_locator = magic == kLocatorMagic;
  }
  if (has_locator) {
    INK_TRY(found, read_end64(archive, origin, found));
  } else if (found.end.entries == kFull16 || found.end.bytes == kFull32 || found.end.offset == kFull32) {
    return model_error(origin, ": the end record at offset ", found.position,
                       " refers to one of zip64, which is not there");
  }
  const ZipEnd& end = found.end;
  if (end.bytes > found.position || end.offset != found.position - end.bytes) {
    return model_error(origin, ": the zip directory of ", end.bytes, " bytes at offset ", end.offset,
                       " does not end where its end record begins, at ", found.position,
                       ": incomplete, or something stands before the archive");
  }
  return end;
}

}  // namespace ink
