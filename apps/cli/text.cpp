#include "apps/cli/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace ink::cli {
namespace {

// Bytes of the UTF-8 character that text begins with; 0 where it begins with none. Overlong forms, surrogates
// and values above U+10FFFF are none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

// C1 controls are two bytes of valid UTF-8, and terminals obey them too.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string hex(const char* format, unsigned value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length > 0 && !is_control(text.substr(0, length))) {
      result += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      result += hex("\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      result += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      result += {'\\', text[0]};
    } else if (first < 0x20 || first == 0x7f) {
      result += hex("\\u%04x", first);
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result + "\"";
}

JsonObject& JsonObject::raw(std::string_view key, std::string_view json) {
  if (!body_.empty()) body_ += ",";
  body_ += json_string(key) + ":";
  body_ += json;
  return *this;
}

JsonObject& JsonObject::number(std::string_view key, double value) {
  if (!std::isfinite(value)) return raw(key, "null");
  return raw(key, decimals(value, 3));
}

std::string json_array(const std::vector<std::string>& items) { return concat("[", join(items, ","), "]"); }

std::string json_number(float value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> text{};
  const auto [end, problem] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

std::string json_array(std::span<const float> values) {
  std::string text = "[";
  for (const float value : values) {
    if (text.size() > 1) text += ',';
    text += json_number(value);
  }
  return text + "]";
}

Result<uint64_t> parse_size(std::string_view text) {
  const Error wrong{ErrorKind::usage,
                    "expected a size such as 512M or 2G, found \"" + std::string(text) + "\""};
  double value = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (problem != std::errc() || !(value > 0)) return wrong;
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (!unit.empty() && (unit.back() == 'B' || unit.back() == 'b')) unit.remove_suffix(1);
  if (unit.size() == 2 && unit[1] == 'i') unit.remove_suffix(1);
  if (unit.size() > 1) return wrong;
  if (!unit.empty()) {
    switch (unit[0]) {
      case 'k':
      case 'K': value *= 0x1p10; break;
      case 'm':
      case 'M': value *= 0x1p20; break;
      case 'g':
      case 'G': value *= 0x1p30; break;
      case 't':
      case 'T': value *= 0x1p40; break;
      default: return wrong;
    }
  }
  if (value < 1 || value > 0x1p60) return wrong;
  return static_cast<uint64_t>(value);
}

std::string size_text(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit < std::size(kUnits) - 1; ++unit) value /= 1024;
  return concat(decimals(value, unit == 0 ? 0 : 1), " ", kUnits[unit]);
}

std::string decimals(double value, int digits) {
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

Result<int> parse_int(std::string_view text, std::string_view what, int least, int most) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc() && end == text.data() + text.size() && value >= least && value <= most)
    return value;
  return Error{ErrorKind::usage, std::string(what) + ": expected a whole number from " +
                                     std::to_string(least) + " to " + std::to_string(most) + ", found \"" +
                                     std::string(text) + "\""};
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string result;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) result += between;
    result += part;
  }
  return result;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace ink::cli
