#include "models/text/utf8.h"

#include <cstring>

#include "weights/message.h"

namespace ink {
namespace {

Error not_utf8(std::string_view text, size_t at) {
  return Error{ErrorKind::bad_input,
               concat("expected a text in UTF-8, found ", quote(text.substr(at, 4)), " at byte ", at)};
}

}  // namespace

std::optional<char32_t> next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint32_t first = byte(at);
  if (first < 0x80) {
    ++at;
    return first;
  }
  const size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() - at < length) return std::nullopt;
  uint32_t point = first & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0u) != 0x80) return std::nullopt;
    point = point << 6 | (byte(at + i) & 0x3Fu);
  }
  const bool is_short_form = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (is_short_form || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return std::nullopt;
  at += length;
  return point;
}

void append_utf8(std::string& to, char32_t point) {
  const auto put = [&to](uint32_t byte) { to += static_cast<char>(byte); };
  const uint32_t p = point;
  if (p < 0x80) return put(p);
  if (p < 0x800) {
    put(0xC0 | p >> 6);
  } else {
    if (p < 0x10000) {
      put(0xE0 | p >> 12);
    } else {
      put(0xF0 | p >> 18);
      put(0x80 | (p >> 12 & 0x3F));
    }
    put(0x80 | (p >> 6 & 0x3F));
  }
  put(0x80 | (p & 0x3F));
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t point : text) append_utf8(out, point);
  return out;
}

Status check_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    // Eight bytes of ASCII at a time.
    for (uint64_t eight; text.size() - at >= sizeof(eight); at += sizeof(eight)) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & 0x8080808080808080u) != 0) break;
    }
    if (at == text.size()) break;
    if (!next_code_point(text, at)) return not_utf8(text, at);
  }
  return {};
}

Result<std::u32string> from_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const std::optional<char32_t> point = next_code_point(text, at);
    if (!point) return not_utf8(text, at);
    out += *point;
  }
  return out;
}

}  // namespace ink
