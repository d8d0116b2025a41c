#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ink::test {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text);
template <class T>
Bytes bytes_of_values(std::initializer_list<T> values) {
  const auto raw = std::as_bytes(std::span(values.begin(), values.size()));
  return Bytes(raw.begin(), raw.end());
}
std::string text_of(std::span<const std::byte> bytes);
Bytes operator+(Bytes a, std::span<const std::byte> b);

// The low `count` bytes of a value, least significant first.
Bytes little_endian(uint64_t value, int count);

// A folder of its own, removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Names of everything in it, sorted.
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

void write_file(const std::string& path, std::span<const std::byte> bytes);
Bytes read_file(const std::string& path);

// A safetensors file of this header, as it stands, and this data.
Bytes safetensors_file(std::string_view json, std::span<const std::byte> data);

// One member of a zip archive. Every field is written as it stands in both directories; the *_local ones,
// where they are set, replace it in the local header.
struct ZipPart {
  std::string name;
  Bytes data;  // packed
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0, size = 0;  // unpacked
  std::string name_local;
  int64_t size_local = -1, crc_local = -1, method_local = -1;
  int64_t offset = -1;  // of the local header; -1: where it really is
  // Behind the header's fields, and behind the data.
  Bytes extra_local, extra_central, descriptor;
  bool unknown_local = false;  // the header says 0 for checksum and sizes, as before a descriptor
  // What stands in both directories instead of the sizes, and in the central one instead of the offset.
  std::optional<uint32_t> size_field, offset_field;
};
ZipPart stored_part(std::string_view name, const Bytes& data);
ZipPart deflated_part(std::string_view name, const Bytes& data);
// A part as torch writes it: padded by an extra field, checksum and sizes behind the data. wide: with sizes
// of 64 bits.
ZipPart described_part(std::string_view name, const Bytes& data, bool wide = false);
// `between`: stands between members and directory.
Bytes build_zip(std::span<const ZipPart> parts, std::string_view comment = "", const Bytes& between = {});
// The same with the end records of zip64. `change` gets the record and its locator, 56 and 20 bytes, before
// they are written.
Bytes build_zip64(std::span<const ZipPart> parts, const std::function<void(Bytes&)>& change = {});

}  // namespace ink::test
