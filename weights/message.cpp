#include "weights/message.h"

namespace ink {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

std::string quote(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string result = "'";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += "\\x";
      result += kHexDigits[byte >> 4];
      result += kHexDigits[byte & 15];
    }
  }
  result += text.size() > kLongest ? "...'" : "'";
  return result;
}

std::string hex32(uint32_t value) {
  std::string result = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) result += kHexDigits[(value >> shift) & 15];
  return result;
}

}  // namespace ink
