#include "models/text/html_entities.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "models/text/html_entities_data.h"
#include "models/text/mojibake_data.h"
#include "models/text/utf8.h"

namespace ink {
namespace {

struct Entity {
  bool bare = false;  // needs no ';'
  std::u32string value;
  std::optional<std::u32string> in_capitals;
};

std::u32string decoded(std::string_view utf8) { return std::move(from_utf8(utf8)).value(); }

using Entities = std::unordered_map<std::string_view, Entity>;

const Entities& entities() {
  static const Entities table = [] {
    Entities made;
    for (std::string_view rest = kHtmlEntities; !rest.empty();) {
      const std::string_view entry = rest.substr(0, rest.find('\r'));
      rest.remove_prefix(entry.size() + 1);
      const size_t mark = entry.find_first_of(" !^*");
      std::string_view value = entry.substr(mark + 1), capitals = value;
      if (const size_t second = value.find('\v'); second != value.npos) {
        capitals = value.substr(second + 1);
        value = value.substr(0, second);
      }
      Entity entity{entry[mark] == '!' || entry[mark] == '*', decoded(value), std::nullopt};
      if (entry[mark] == '^' || entry[mark] == '*') entity.in_capitals = decoded(capitals);
      made.emplace(entry.substr(0, mark), std::move(entity));
    }
    return made;
  }();
  return table;
}

bool is_digit(char32_t point) { return point - U'0' < 10; }
bool is_ascii_alphanumeric(char32_t point) { return is_digit(point) || (point | 0x20) - U'a' < 26; }
bool is_hexadecimal(char32_t point) { return is_digit(point) || (point | 0x20) - U'a' < 6; }

// The ASCII characters of `text`; an empty name, which no entity has, where there are others.
std::string ascii(std::u32string_view text) {
  std::string name;
  for (const char32_t point : text) {
    if (point >= 0x80) return {};
    name += static_cast<char>(point);
  }
  return name;
}

const Entity* find_entity(const std::string& name) {
  const auto found = entities().find(name);
  return found == entities().end() ? nullptr : &found->second;
}

// What HTML makes of a number: the C1 controls are Windows-1252, other controls and non-characters nothing.
void append_number(std::u32string& to, uint32_t number) {
  if (number == 0 || (number >= 0xD800 && number < 0xE000) || number > 0x10FFFF) {
    to += U'\uFFFD';
  } else if (number >= 0x80 && number < 0xA0) {
    to += static_cast<char32_t>(kCodePages[0].upper[number - 0x80]);
  } else {
    const bool is_control =
        number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
    const bool is_none = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
    if (!is_control && !is_none && number != 0x7F) to += static_cast<char32_t>(number);
  }
}

// The length of the reference by number that `text` starts with, "&#12;" or "&#x1f", and its number, at most
// 2^28; 0 where it is none.
size_t numeric_reference(std::u32string_view text, uint32_t& number) {
  if (text.size() < 3 || text[1] != '#') return 0;
  const bool hex = (text[2] | 0x20) == 'x';
  const size_t begin = hex ? 3 : 2;
  size_t end = begin;
  number = 0;
  for (; end < text.size() && (hex ? is_hexadecimal(text[end]) : is_digit(text[end])); ++end) {
    const uint32_t digit = is_digit(text[end]) ? text[end] - U'0' : (text[end] | 0x20) - U'a' + 10;
    number = std::min<uint32_t>(number * (hex ? 16 : 10) + digit, 1u << 24);
  }
  if (end == begin) return 0;
  return end + (end < text.size() && text[end] == ';');
}

// Replaces the named reference that `text` starts with, and says how long it is; 0 where there is none.
size_t append_named(std::u32string& to, std::u32string_view text) {
  constexpr size_t kLongest = 32;
  constexpr std::u32string_view kEnds = U"\t\n\f <&#;";
  size_t end = 1;
  while (end < text.size() && end <= kLongest && kEnds.find(text[end]) == kEnds.npos) ++end;
  if (end == 1) return 0;
  const std::u32string_view name = text.substr(1, end - 1);
  const bool closed = end < text.size() && text[end] == ';';
  const size_t length = end + closed;
  if (const Entity* const whole = find_entity(ascii(name)); whole != nullptr && (closed || whole->bare)) {
    to += whole->value;
    return length;
  }
  for (size_t size = closed ? name.size() : name.size() - 1; size >= 2 && size <= name.size(); --size) {
    const Entity* const front = find_entity(ascii(name.substr(0, size)));
    if (front == nullptr || !front->bare) continue;
    to += front->value;
    to += text.substr(1 + size, length - 1 - size);
    return length;
  }
  to += text.substr(0, length);
  return length;
}

// As append_named(), by what unescape_plain_html() takes for a reference.
size_t append_plain(std::u32string& to, std::u32string_view text) {
  constexpr size_t kLongest = 24;
  const bool is_number = text.size() > 1 && text[1] == '#';
  const size_t begin = is_number ? 2 : 1;
  size_t end = begin;
  while (end < text.size() && end - begin <= kLongest && is_ascii_alphanumeric(text[end])) ++end;
  if (end == begin || end - begin > kLongest || end == text.size() || text[end] != ';') return 0;
  const std::u32string_view whole = text.substr(0, end + 1);
  if (is_number) {
    uint32_t number = 0;
    if (numeric_reference(whole, number) == whole.size() && number != ';') {
      append_number(to, number);
    } else {
      to += whole;
    }
    return whole.size();
  }
  std::string name = ascii(text.substr(1, end - 1));
  if (const Entity* const entity = find_entity(name); entity != nullptr) {
    to += entity->value;
    return whole.size();
  }
  const bool in_capitals =
      std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  const Entity* const entity = in_capitals ? find_entity(name) : nullptr;
  to += entity != nullptr && entity->in_capitals ? std::u32string_view(*entity->in_capitals) : whole;
  return whole.size();
}

// Copies `text`, with `reference` called at each '&'.
template <class Reference>
std::u32string replace_references(std::u32string_view text, Reference reference) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t start = std::min(text.find(U'&'), text.size());
    out += text.substr(0, start);
    text.remove_prefix(start);
    if (text.empty()) break;
    const size_t length = reference(out, text);
    if (length == 0) out += U'&';
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace

std::u32string unescape_html(std::u32string_view text) {
  return replace_references(text, [](std::u32string& out, std::u32string_view at) {
    uint32_t number = 0;
    const size_t length = numeric_reference(at, number);
    if (length == 0) return append_named(out, at);
    append_number(out, number);
    return length;
  });
}

std::u32string unescape_plain_html(std::u32string_view text) {
  return replace_references(text, append_plain);
}

}  // namespace ink
