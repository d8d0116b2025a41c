#include "weights/zip_directory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "weights/byte_reader.h"
#include "weights/message.h"
#include "weights/zip_end.h"

namespace ink {

namespace {

constexpr uint32_t kLocalMagic = 0x04034b50, kCentralMagic = 0x02014b50, kDescriptorMagic = 0x08074b50;
constexpr uint32_t kFull = 0xffffffff;  // the value stands in the zip64 field
constexpr uint16_t kStored = 0, kDeflated = 8, kDescriptorFlag = 0x0008, kZip64Field = 1;
// A deflate stream makes at most 258 bytes of 2 bits: 1032 to 1.
constexpr uint64_t kDeflateRatio = 1032;

// What the central directory and the local header of a member both say.
struct Record {
  uint16_t flags = 0, method = 0, time = 0, date = 0;
  uint32_t crc = 0;
  uint64_t packed = 0, size = 0;
  uint16_t name_bytes = 0, extra_bytes = 0;
  std::string_view name;
  std::optional<ByteReader> zip64;  // the field of that name
};

Result<Record> read_record(ByteReader& reader, std::string_view what) {
  Record r;
  INK_TRY_STATUS(reader.u16(what).status());  // the version that it needs
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

// The fields behind the name: two bytes of kind, two of length, the content.
Status read_extra(ByteReader& reader, Record& record, const std::string& what) {
  const uint64_t base = reader.offset();
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(record.extra_bytes, what));
  ByteReader extra(raw, reader.file(), base);
  const std::string field = concat("an extra field of ", what);
  while (extra.remaining() != 0) {
    INK_TRY(const uint16_t kind, extra.u16(field));
    INK_TRY(const uint16_t size, extra.u16(field));
    const uint64_t at = extra.offset();
    INK_TRY(const std::span<const std::byte> content, extra.bytes(size, field));
    if (kind != kZip64Field) continue;
    if (record.zip64)
      return model_error(reader.file(), ": ", what, " has two zip64 fields, the second at offset ", at);
    record.zip64.emplace(content, reader.file(), at);
  }
  return {};
}

// Replaces a value that says that the zip64 field has it.
Status widen(Record& record, uint64_t& value, const std::string& what) {
  if (value != kFull || !record.zip64) return {};
  INK_TRY(value, record.zip64->u64(concat("the zip64 field of ", what)));
  return {};
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
    INK_TRY(const ZipEnd end, find_zip_end(archive_, origin_));
    if (end.entries > limits_.zip_entries) {
      return model_error(origin_, ": the zip directory at offset ", end.offset, " has ", end.entries,
                         " members, the limit is ", limits_.zip_entries);
    }
    data_end_ = end.offset;
    ByteReader directory(archive_.subspan(static_cast<size_t>(end.offset), static_cast<size_t>(end.bytes)),
                         origin_, end.offset);
    for (size_t i = 0; i < end.entries; ++i) INK_TRY_STATUS(read_entry(directory));
    if (directory.remaining() != 0) {
      return model_error(origin_, ": the zip directory has ", directory.remaining(), " bytes after its ",
                         end.entries, " members, at offset ", directory.offset());
    }
    INK_TRY_STATUS(check_extents());
    std::ranges::sort(members_, {}, &ZipMember::name);
    const auto twice = std::ranges::adjacent_find(members_, {}, &ZipMember::name);
    if (twice != members_.end())
      return model_error(origin_, ": the member ", quote(twice->name), " is there twice, at offset ",
                         twice->offset, " and ", std::next(twice)->offset);
    return std::move(members_);
  }

 private:
  Status read_entry(ByteReader& directory);
  Status check_local(const Record& central, uint64_t offset);
  Status check_descriptor(ByteReader& reader, const Record& central, bool wide);
  Status check_extents();

  std::span<const std::byte> archive_;
  const std::string& origin_;
  const ModelLimits& limits_;
  uint64_t data_end_ = 0;
  std::vector<ZipMember> members_;
  std::vector<Extent> extents_;
};

Status check_entry(const Record& record, const std::string& member) {
  if (record.name.empty() || record.name.find('\0') != std::string_view::npos) {
    return model_error(member, " has an impossible name");
  }
  // Bits 1 and 2 tell how hard deflate tried, bit 11 that the name is UTF-8.
  constexpr uint16_t kHarmlessFlags = 0x0806 | kDescriptorFlag;
  if (record.flags & 0x2041) return model_error(member, " is encrypted, which is not supported");
  if (record.flags & ~kHarmlessFlags) return model_error(member, " has unknown flags ", hex32(record.flags));
  if (record.method != kStored && record.method != kDeflated) {
    return model_error(member, " is packed by method ", record.method,
                       ", supported: 0 (stored) and 8 (deflated)");
  }
  if (record.method == kStored && record.packed != record.size) {
    return model_error(member, " is stored and has ", record.packed, " packed and ", record.size,
                       " unpacked bytes, expected as many");
  }
  if (record.size / kDeflateRatio > record.packed) {
    return model_error(member, " declares ", record.size, " bytes unpacked from ", record.packed,
                       ", more than deflate can make");
  }
  return {};
}

Status DirectoryReader::read_entry(ByteReader& directory) {
  constexpr std::string_view kWhat = "an entry of the zip directory";
  const uint64_t entry_offset = directory.offset();
  INK_TRY(const uint32_t magic, directory.u32(kWhat));
  if (magic != kCentralMagic) {
    return model_error(origin_, ": expected ", kWhat, " at offset ", entry_offset, ", found ", hex32(magic));
  }
  INK_TRY_STATUS(directory.u16(kWhat).status());  // the version that made it
  INK_TRY(Record record, read_record(directory, kWhat));
  INK_TRY(const uint16_t comment_bytes, directory.u16(kWhat));
  INK_TRY(const uint16_t disk, directory.u16(kWhat));
  INK_TRY_STATUS(directory.bytes(6, kWhat).status());  // attributes of the file
  INK_TRY(uint64_t offset, directory.u32(kWhat));
  INK_TRY_STATUS(read_name(directory, record, kWhat));
  const std::string what = concat("the zip directory's entry of member ", quote(record.name));
  INK_TRY_STATUS(read_extra(directory, record, what));
  INK_TRY_STATUS(directory.bytes(comment_bytes, kWhat).status());
  for (uint64_t* value : {&record.size, &record.packed, &offset}) {
    INK_TRY_STATUS(widen(record, *value, what));
  }
  const std::string member =
      concat(origin_, ": member ", quote(record.name), " (entry at offset ", entry_offset, ")");
  if (record.zip64 && record.zip64->remaining() != 0) {
    return model_error(member, " has a zip64 field of ", record.zip64->remaining(), " bytes too many");
  }
  if (disk != 0) return model_error(member, " is on another disk, which is not supported");
  INK_TRY_STATUS(check_entry(record, member));
  return check_local(record, offset);
}

Status DirectoryReader::check_local(const Record& central, uint64_t offset) {
  const std::string what = concat("the header of member ", quote(central.name));
  ByteReader reader(archive_.first(static_cast<size_t>(data_end_)), origin_);
  INK_TRY_STATUS(reader.seek(offset, what));
  INK_TRY(const uint32_t magic, reader.u32(what));
  if (magic != kLocalMagic) {
    return model_error(origin_, ": expected ", what, " at offset ", offset, ", found ", hex32(magic));
  }
  INK_TRY(Record local, read_record(reader, what));
  INK_TRY_STATUS(read_name(reader, local, what));
  INK_TRY_STATUS(read_extra(reader, local, what));
  const bool described = (central.flags & kDescriptorFlag) != 0, wide = local.zip64.has_value();
  if (described) {
    // The header was written before the data were known; what it leaves open the descriptor says.
    if (local.crc == 0) local.crc = central.crc;
    for (const auto& [value, known] :
         {std::pair(&local.packed, central.packed), std::pair(&local.size, central.size)}) {
      if (*value == 0 || *value == kFull) *value = known;
    }
  } else {
    for (uint64_t* value : {&local.size, &local.packed}) INK_TRY_STATUS(widen(local, *value, what));
  }
  struct Field {
    std::string_view name;
    uint64_t central, local;
  };
  const std::array fields = {
      Field{"flags", central.flags, local.flags},      Field{"method", central.method, local.method},
      Field{"time", central.time, local.time},         Field{"date", central.date, local.date},
      Field{"checksum", central.crc, local.crc},       Field{"packed size", central.packed, local.packed},
      Field{"unpacked size", central.size, local.size}};
  for (const Field& field : fields) {
    if (field.central != field.local) {
      return model_error(origin_, ": ", what, " at offset ", offset, " says ", field.name, " ", field.local,
                         ", the directory ", field.central);
    }
  }
  if (central.name != local.name) {
    return model_error(origin_, ": ", what, " at offset ", offset, " names it ", quote(local.name));
  }
  const uint64_t data_offset = reader.offset();
  INK_TRY(const std::span<const std::byte> data,
          reader.bytes(central.packed, concat("the data of member ", quote(central.name))));
  if (described) INK_TRY_STATUS(check_descriptor(reader, central, wide));
  extents_.push_back({offset, reader.offset(), members_.size()});
  members_.push_back(
      {std::string(central.name), central.method == kDeflated, central.crc, central.size, data, data_offset});
  return {};
}

// Behind the data: checksum and sizes, of eight bytes where the header has a zip64 field.
Status DirectoryReader::check_descriptor(ByteReader& reader, const Record& central, bool wide) {
  const std::string what = concat("the data descriptor of member ", quote(central.name));
  const uint64_t offset = reader.offset();
  INK_TRY(const uint32_t magic, reader.u32(what));
  INK_TRY(const uint32_t crc, reader.u32(what));
  uint64_t packed = 0, size = 0;
  for (uint64_t* value : {&packed, &size}) {
    if (wide) {
      INK_TRY(*value, reader.u64(what));
    } else {
      INK_TRY(*value, reader.u32(what));
    }
  }
  if (magic == kDescriptorMagic && crc == central.crc && packed == central.packed && size == central.size) {
    return {};
  }
  return model_error(origin_, ": ", what, " at offset ", offset, " says ", hex32(magic), ", checksum ",
                     hex32(crc), ", ", packed, " packed and ", size, " unpacked bytes, the directory ",
                     hex32(kDescriptorMagic), ", ", hex32(central.crc), ", ", central.packed, " and ",
                     central.size);
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
    // No sum of what passed the ratio of deflate and lies side by side comes near 2^64.
    unpacked += member.size;
  }
  INK_TRY_STATUS(expect_at(data_end_, "the zip directory"));
  if (unpacked / limits_.zip_expansion > archive_.size()) {
    return model_error(origin_, ": would unpack to ", unpacked, " bytes, more than ", limits_.zip_expansion,
                       " times the archive's ", archive_.size());
  }
  return {};
}

}  // namespace

Result<std::vector<ZipMember>> read_zip_directory(std::span<const std::byte> archive,
                                                  const std::string& origin, const ModelLimits& limits) {
  return DirectoryReader(archive, origin, limits).read();
}

}  // namespace ink
