#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ink {

using ByteSpan = std::span<const std::byte>;

// Numbers of `count` bytes at `at`.
inline uint32_t big_endian(const std::byte* at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = (value << 8) | std::to_integer<uint32_t>(at[i]);
  return value;
}
inline uint32_t little_endian(const std::byte* at, size_t count) {
  uint32_t value = 0;
  for (size_t i = count; i-- > 0;) value = (value << 8) | std::to_integer<uint32_t>(at[i]);
  return value;
}

inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteSpan as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// Adds a part of a file to those that a decoder is to see; neighbours merge.
template <class Parts>
void keep_part(Parts& parts, ByteSpan part) {
  if (!parts.empty() && parts.back().data() + parts.back().size() == part.data()) {
    parts.back() = {parts.back().data(), parts.back().size() + part.size()};
  } else {
    parts.push_back(part);
  }
}

}  // namespace ink
