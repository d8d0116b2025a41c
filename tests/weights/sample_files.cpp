#include "tests/weights/sample_files.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ink::test {

Bytes bytes_of(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text));
  return Bytes(raw.begin(), raw.end());
}

std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Bytes operator+(Bytes a, std::span<const std::byte> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes little_endian(uint64_t value, int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  return bytes;
}

TempFolder::TempFolder() : path_((std::filesystem::temp_directory_path() / "inkstone-test-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return bytes_of(text);
}

Bytes safetensors_file(std::string_view json, std::span<const std::byte> data) {
  return little_endian(json.size(), 8) + bytes_of(json) + data;
}

namespace {

uint32_t crc_of(const Bytes& data) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
}

// The fields that local header and directory share, from "version needed" to the lengths of name and extra.
Bytes shared_fields(uint16_t flags, uint64_t method, uint64_t crc, uint64_t packed, uint64_t size,
                    size_t name_bytes, size_t extra_bytes) {
  return little_endian(20, 2) + little_endian(flags, 2) + little_endian(method, 2) + little_endian(0, 4) +
         little_endian(crc, 4) + little_endian(packed, 4) + little_endian(size, 4) +
         little_endian(name_bytes, 2) + little_endian(extra_bytes, 2);
}

}  // namespace

ZipPart stored_part(std::string_view name, const Bytes& data) {
  ZipPart part;
  part.name = name;
  part.data = data;
  part.crc = crc_of(data);
  part.size = static_cast<uint32_t>(data.size());
  return part;
}

ZipPart deflated_part(std::string_view name, const Bytes& data) {
  ZipPart part = stored_part(name, data);
  part.method = 8;
  z_stream stream = {};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  part.data.resize(deflateBound(&stream, static_cast<uLong>(data.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(part.data.data());
  stream.avail_out = static_cast<uInt>(part.data.size());
  const int result = deflate(&stream, Z_FINISH);
  part.data.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("deflate");
  return part;
}

ZipPart described_part(std::string_view name, const Bytes& data, bool wide) {
  ZipPart part = stored_part(name, data);
  part.flags = 0x0808;
  part.unknown_local = true;
  part.extra_local = bytes_of("FB\x03") + Bytes(1) + bytes_of("ZZZ");
  const int width = wide ? 8 : 4;
  if (wide) part.extra_local = part.extra_local + little_endian(1, 2) + little_endian(16, 2) + Bytes(16);
  part.descriptor = bytes_of("PK\x07\x08") + little_endian(part.crc, 4) + little_endian(data.size(), width) +
                    little_endian(data.size(), width);
  return part;
}

namespace {

struct Archive {
  Bytes members, directory;
};

Archive write_members(std::span<const ZipPart> parts) {
  Archive archive;
  Bytes& members = archive.members;
  for (const ZipPart& part : parts) {
    const std::string& local_name = part.name_local.empty() ? part.name : part.name_local;
    const auto local = [&](int64_t replaced, uint64_t value) {
      if (part.unknown_local) return uint64_t{0};
      return replaced < 0 ? value : static_cast<uint64_t>(replaced);
    };
    const uint64_t offset = part.offset < 0 ? members.size() : static_cast<uint64_t>(part.offset);
    const uint64_t packed = part.size_field.value_or(static_cast<uint32_t>(part.data.size()));
    const uint64_t size = part.size_field.value_or(part.size);
    archive.directory = std::move(archive.directory) + bytes_of("PK\x01\x02") + little_endian(20, 2) +
                        shared_fields(part.flags, part.method, part.crc, packed, size, part.name.size(),
                                      part.extra_central.size()) +
                        little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 6) +
                        little_endian(part.offset_field.value_or(static_cast<uint32_t>(offset)), 4) +
                        bytes_of(part.name) + part.extra_central;
    const uint64_t method = part.method_local < 0 ? part.method : static_cast<uint64_t>(part.method_local);
    members = std::move(members) + bytes_of("PK\x03\x04") +
              shared_fields(part.flags, method, local(part.crc_local, part.crc), local(-1, packed),
                            local(part.size_local, size), local_name.size(), part.extra_local.size()) +
              bytes_of(local_name) + part.extra_local + part.data + part.descriptor;
  }
  return archive;
}

Bytes end_record(const Archive& archive, size_t count, std::string_view comment) {
  return bytes_of("PK\x05\x06") + little_endian(0, 4) + little_endian(count, 2) + little_endian(count, 2) +
         little_endian(archive.directory.size(), 4) + little_endian(archive.members.size(), 4) +
         little_endian(comment.size(), 2) + bytes_of(comment);
}

}  // namespace

Bytes build_zip(std::span<const ZipPart> parts, std::string_view comment, const Bytes& between) {
  Archive archive = write_members(parts);
  archive.members = archive.members + between;
  return archive.members + archive.directory + end_record(archive, parts.size(), comment);
}

Bytes build_zip64(std::span<const ZipPart> parts, const std::function<void(Bytes&)>& change) {
  const Archive archive = write_members(parts);
  const size_t at = archive.members.size() + archive.directory.size();
  Bytes records = bytes_of("PK\x06\x06") + little_endian(44, 8) + little_endian(45, 2) +
                  little_endian(45, 2) + little_endian(0, 8) + little_endian(parts.size(), 8) +
                  little_endian(parts.size(), 8) + little_endian(archive.directory.size(), 8) +
                  little_endian(archive.members.size(), 8) + bytes_of("PK\x06\x07") + little_endian(0, 4) +
                  little_endian(at, 8) + little_endian(1, 4);
  if (change) change(records);
  return archive.members + archive.directory + records + end_record(archive, parts.size(), "");
}

}  // namespace ink::test
