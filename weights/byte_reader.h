#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// Reads little-endian values from bytes that nobody has checked yet. Every step is bounds-checked; an Error
// (model) names the file, what was being read and its offset there. Borrows the bytes.
class ByteReader {
 public:
  // base: where `bytes` begin in the file, for messages.
  ByteReader(std::span<const std::byte> bytes, std::string file, uint64_t base = 0)
      : bytes_(bytes), file_(std::move(file)), base_(base) {}

  Result<uint16_t> u16(std::string_view what) { return integer<uint16_t>(what); }
  Result<uint32_t> u32(std::string_view what) { return integer<uint32_t>(what); }
  Result<uint64_t> u64(std::string_view what) { return integer<uint64_t>(what); }
  Result<std::span<const std::byte>> bytes(uint64_t count, std::string_view what);
  // position: from the beginning of the bytes; the end itself is allowed.
  Status seek(uint64_t position, std::string_view what);

  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }
  // The place in the file.
  uint64_t offset() const { return base_ + position_; }
  const std::string& file() const { return file_; }

 private:
  template <class T>
  Result<T> integer(std::string_view what) {
    INK_TRY(const std::span<const std::byte> raw, bytes(sizeof(T), what));
    T value = 0;
    for (size_t i = sizeof(T); i-- > 0;) {
      value = static_cast<T>((uint64_t{value} << 8) | std::to_integer<uint64_t>(raw[i]));
    }
    return value;
  }

  std::span<const std::byte> bytes_;
  std::string file_;
  uint64_t base_ = 0;
  size_t position_ = 0;
};

}  // namespace ink
