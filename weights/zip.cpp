#include "weights/zip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "weights/byte_reader.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr uint32_t kLocalMagic = 0x04034b50, kCentralMagic = 0x02014b50, kEndMagic = 0x06054b50;
constexpr size_t kEndBytes = 22, kLongestComment = 65535;
constexpr uint16_t kStored = 0, kDeflated = 8;
// A deflate stream makes at most 258 bytes of 2 bits: 1032 to 1.
constexpr uint64_t kDeflateRatio = 1032;

// What the central directory and the local header of a member both say.
struct Record {
  uint16_t version = 0, flags = 0, method = 0, time = 0, date = 0;
  uint32_t crc = 0, packed = 0, size = 0;
  uint16_t name_bytes = 0, extra_bytes = 0;
  std::string_view name;
};

Result<Record> read_record(ByteReader& reader, std::string_view what) {
  Record r;
  INK_TRY(r.version, reader.u16(what));
  INK_TRY(r.flags, reader.u16(what));
  INK_TRY(r.method, reader.u16(what));
  INK_TRY(r.time, reader.u16(what));
  INK_TRY(r.date, reader.u16(what));
  INK_TRY(r.crc, reader.u32(what));
  INK_TRY(r.packed, reader.u32(what));
  INK_TRY(r.size, reader.u32(what));
  INK_TRY(r.name_bytes, reader.u16(what));
  INK_TRY(r.extra_bytes, reader.u16(what));
  return r;
}

Status read_name(ByteReader& reader, Record& record, std::string_view what) {
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(record.name_bytes, what));
  record.name = {reinterpret_cast<const char*>(raw.data()), raw.size()};
  return {};
}

struct End {
  size_t position = 0;
  uint16_t entries = 0;
  uint32_t bytes = 0, offset = 0;  // of the central directory
};

// The record at the very end, whose comment may have up to 65,535 bytes.
Result<End> find_end(std::span<const std::byte> archive, const std::string& origin) {
  const size_t window = std::min(archive.size(), kEndBytes + kLongestComment);
  for (size_t back = kEndBytes; back <= window; ++back) {
    const size_t position = archive.size() - back;
    ByteReader reader(archive.subspan(position), origin, position);
    constexpr std::string_view kWhat = "the end record of the zip archive";
    INK_TRY(const uint32_t magic, reader.u32(kWhat));
    if (magic != kEndMagic) continue;
    End end;
    end.position = position;
    INK_TRY(const uint16_t disk, reader.u16(kWhat));
    INK_TRY(const uint16_t first_disk, reader.u16(kWhat));
    INK_TRY(const uint16_t entries_here, reader.u16(kWhat));
    INK_TRY(end.entries, reader.u16(kWhat));
    INK_TRY(end.bytes, reader.u32(kWhat));
    INK_TRY(end.offset, reader.u32(kWhat));
    INK_TRY(const uint16_t comment, reader.u16(kWhat));
    if (comment != reader.remaining()) continue;  // these four bytes stand in a comment
    if (disk != 0 || first_disk != 0 || entries_here != end.entries) {
      return model_error(origin, ": is a zip archive of several disks, which is not supported");
    }
    if (end.entries == 0xffff || end.bytes == 0xffffffff || end.offset == 0xffffffff) {
      return model_error(origin, ": is a zip64 archive, which is not supported");
    }
    if (uint64_t{end.offset} + end.bytes != position) {
      return model_error(origin, ": the zip directory of ", end.bytes, " bytes at offset ", end.offset,
                         " does not end where its end record begins, at ", position,
                         ": incomplete, or something stands before the archive");
    }
    return end;
  }
  return model_error(origin, ": has no end record of a zip archive: incomplete download?");
}

// The bytes of the archive that a member takes, header and data.
struct Extent {
  uint64_t begin = 0, end = 0;
  size_t member = 0;
};

class DirectoryReader {
 public:
  DirectoryReader(std::span<const std::byte> archive, const std::string& origin, const ModelLimits& limits)
      : archive_(archive), origin_(origin), limits_(limits) {}

  Result<std::vector<ZipMember>> read() {
    INK_TRY(const End end, find_end(archive_, origin_));
    if (end.entries > limits_.zip_entries) {
      return model_error(origin_, ": has ", end.entries, " members, the limit is ", limits_.zip_entries);
    }
    data_end_ = end.offset;
    ByteReader directory(archive_.subspan(end.offset, end.bytes), origin_, end.offset);
    for (size_t i = 0; i < end.entries; ++i) INK_TRY_STATUS(read_entry(directory));
    if (directory.remaining() != 0) {
      return model_error(origin_, ": the zip directory has ", directory.remaining(), " bytes after its ",
                         end.entries, " members");
    }
    INK_TRY_STATUS(check_extents());
    std::ranges::sort(members_, {}, &ZipMember::name);
    const auto twice = std::ranges::adjacent_find(members_, {}, &ZipMember::name);
    if (twice != members_.end())
      return model_error(origin_, ": the member ", quote(twice->name), " is there twice");
    return std::move(members_);
  }

 private:
  Status read_entry(ByteReader& directory);
  Status check_local(const Record& central, uint32_t offset);
  Status check_extents();

  std::span<const std::byte> archive_;
  const std::string& origin_;
  const ModelLimits& limits_;
  uint64_t data_end_ = 0;
  std::vector<ZipMember> members_;
  std::vector<Extent> extents_;
};

Status DirectoryReader::read_entry(ByteReader& directory) {
  constexpr std::string_view kWhat = "an entry of the zip directory";
  INK_TRY(const uint32_t magic, directory.u32(kWhat));
  if (magic != kCentralMagic) {
    return model_error(origin_, ": expected ", kWhat, " at offset ", directory.offset() - 4, ", found ",
                       hex32(magic));
  }
  INK_TRY_STATUS(directory.u16(kWhat).status());  // the version that made it
  INK_TRY(Record record, read_record(directory, kWhat));
  INK_TRY(const uint16_t comment_bytes, directory.u16(kWhat));
  INK_TRY(const uint16_t disk, directory.u16(kWhat));
  INK_TRY_STATUS(directory.bytes(6, kWhat).status());  // attributes of the file
  INK_TRY(const uint32_t offset, directory.u32(kWhat));
  INK_TRY_STATUS(read_name(directory, record, kWhat));
  INK_TRY_STATUS(directory.bytes(uint64_t{record.extra_bytes} + comment_bytes, kWhat).status());
  const std::string member = concat(origin_, ": member ", quote(record.name));
  if (record.name.empty() || record.name.find('\0') != std::string_view::npos) {
    return model_error(member, " has an impossible name");
  }
  // Bits 1 and 2 tell how hard deflate tried, bit 11 that the name is UTF-8.
  constexpr uint16_t kHarmlessFlags = 0x0806;
  if (record.flags & 0x2041) return model_error(member, " is encrypted, which is not supported");
  if (record.flags & 0x0008) return model_error(member, " has a data descriptor, which is not supported");
  if (record.flags & ~kHarmlessFlags) return model_error(member, " has unknown flags ", hex32(record.flags));
  if (record.method != kStored && record.method != kDeflated) {
    return model_error(member, " is packed by method ", record.method,
                       ", supported: 0 (stored) and 8 (deflated)");
  }
  if (disk != 0 || record.packed == 0xffffffff || record.size == 0xffffffff || offset == 0xffffffff) {
    return model_error(member, " is on another disk or uses zip64, which is not supported");
  }
  if (record.method == kStored && record.packed != record.size) {
    return model_error(member, " is stored and has ", record.packed, " packed and ", record.size,
                       " unpacked bytes, expected as many");
  }
  if (record.size > record.packed * kDeflateRatio) {
    return model_error(member, " declares ", record.size, " bytes unpacked from ", record.packed,
                       ", more than deflate can make");
  }
  return check_local(record, offset);
}

Status DirectoryReader::check_local(const Record& central, uint32_t offset) {
  const std::string what = concat("the header of member ", quote(central.name));
  ByteReader reader(archive_.first(static_cast<size_t>(data_end_)), origin_);
  INK_TRY_STATUS(reader.seek(offset, what));
  INK_TRY(const uint32_t magic, reader.u32(what));
  if (magic != kLocalMagic) {
    return model_error(origin_, ": expected ", what, " at offset ", offset, ", found ", hex32(magic));
  }
  INK_TRY(Record local, read_record(reader, what));
  INK_TRY_STATUS(read_name(reader, local, what));
  struct Field {
    std::string_view name;
    uint32_t central, local;
  };
  const std::array fields = {
      Field{"flags", central.flags, local.flags},      Field{"method", central.method, local.method},
      Field{"time", central.time, local.time},         Field{"date", central.date, local.date},
      Field{"checksum", central.crc, local.crc},       Field{"packed size", central.packed, local.packed},
      Field{"unpacked size", central.size, local.size}};
  for (const Field& field : fields) {
    if (field.central != field.local) {
      return model_error(origin_, ": ", what, " says ", field.name, " ", field.local, ", the directory ",
                         field.central);
    }
  }
  if (central.name != local.name) {
    return model_error(origin_, ": ", what, " names it ", quote(local.name));
  }
  INK_TRY_STATUS(reader.bytes(local.extra_bytes, what).status());
  INK_TRY(const std::span<const std::byte> data,
          reader.bytes(central.packed, concat("the data of member ", quote(central.name))));
  extents_.push_back({offset, reader.offset(), members_.size()});
  members_.push_back(
      {std::string(central.name), central.method == kDeflated, central.crc, central.size, data});
  return {};
}

// From the first byte of the archive to its directory, one member ends where the next begins.
Status DirectoryReader::check_extents() {
  std::ranges::sort(extents_, {}, &Extent::begin);
  uint64_t unpacked = 0, end = 0;
  const auto expect_at = [&](uint64_t found, const std::string& what) -> Status {
    if (found == end) return {};
    return model_error(origin_, ": ", what, " begins at offset ", found, ", expected ", end,
                       found < end ? ": it overlaps what comes before" : ": there is a gap");
  };
  for (const Extent& extent : extents_) {
    const ZipMember& member = members_[extent.member];
    INK_TRY_STATUS(expect_at(extent.begin, concat("member ", quote(member.name))));
    end = extent.end;
    unpacked += member.size;
  }
  INK_TRY_STATUS(expect_at(data_end_, "the zip directory"));
  if (unpacked / limits_.zip_expansion > archive_.size()) {
    return model_error(origin_, ": would unpack to ", unpacked, " bytes, more than ", limits_.zip_expansion,
                       " times the archive's ", archive_.size());
  }
  return {};
}

// Whether `data` is one deflate stream that makes exactly as many bytes as dst has.
bool inflate_exactly(std::span<const std::byte> data, std::span<std::byte> dst) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  Bytef empty = 0;  // zlib wants a place even for no bytes
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = dst.empty() ? &empty : reinterpret_cast<Bytef*>(dst.data());
  stream.avail_out = static_cast<uInt>(dst.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool exact = result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return exact;
}

}  // namespace

Result<ZipReader> ZipReader::open(std::span<const std::byte> archive, const std::string& origin,
                                  const ModelLimits& limits) {
  ZipReader reader;
  reader.origin_ = origin;
  INK_TRY(reader.members_, DirectoryReader(archive, reader.origin_, limits).read());
  return reader;
}

const ZipMember* ZipReader::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(members_, name, {}, &ZipMember::name);
  return found != members_.end() && found->name == name ? &*found : nullptr;
}

Result<std::vector<std::byte>> ZipReader::read(const ZipMember& member) const {
  std::vector<std::byte> bytes;
  if (member.deflated) {
    bytes.resize(static_cast<size_t>(member.size));
    if (!inflate_exactly(member.data, bytes)) {
      return model_error(origin_, ": member ", quote(member.name), " does not unpack to its ", member.size,
                         " bytes");
    }
  } else {
    bytes.assign(member.data.begin(), member.data.end());
  }
  const uLong start = crc32_z(0, nullptr, 0);
  const uLong crc = crc32_z(start, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (crc != member.crc) {
    return model_error(origin_, ": member ", quote(member.name), " has the checksum ",
                       hex32(static_cast<uint32_t>(crc)), ", the directory says ", hex32(member.crc));
  }
  return bytes;
}

}  // namespace ink
