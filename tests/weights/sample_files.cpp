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
                    size_t name_bytes) {
  return little_endian(20, 2) + little_endian(flags, 2) + little_endian(method, 2) + little_endian(0, 4) +
         little_endian(crc, 4) + little_endian(packed, 4) + little_endian(size, 4) +
         little_endian(name_bytes, 2) + little_endian(0, 2);
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

Bytes build_zip(std::span<const ZipPart> parts, std::string_view comment, const Bytes& between) {
  Bytes members, directory;
  for (const ZipPart& part : parts) {
    const std::string& local_name = part.name_local.empty() ? part.name : part.name_local;
    const auto local = [](int64_t replaced, uint64_t value) {
      return replaced < 0 ? value : static_cast<uint64_t>(replaced);
    };
    const uint64_t offset = part.offset < 0 ? members.size() : static_cast<uint64_t>(part.offset);
    directory =
        directory + bytes_of("PK\x01\x02") + little_endian(20, 2) +
        shared_fields(part.flags, part.method, part.crc, part.data.size(), part.size, part.name.size()) +
        little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 6) + little_endian(offset, 4) +
        bytes_of(part.name);
    members =
        members + bytes_of("PK\x03\x04") +
        shared_fields(part.flags, local(part.method_local, part.method), local(part.crc_local, part.crc),
                      part.data.size(), local(part.size_local, part.size), local_name.size()) +
        bytes_of(local_name) + part.data;
  }
  members = members + between;
  return members + directory + bytes_of("PK\x05\x06") + little_endian(0, 4) + little_endian(parts.size(), 2) +
         little_endian(parts.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(members.size(), 4) + little_endian(comment.size(), 2) + bytes_of(comment);
}

}  // namespace ink::test
