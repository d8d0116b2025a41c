#include "models/text/wrong_bytes.h"

#include <unordered_map>
#include <vector>

#include "models/text/utf8.h"

namespace ink {
namespace {

constexpr uint8_t kLost = 0x1A;

class Bytes {
 public:
  explicit Bytes(std::string_view text) : text_(text) {}
  size_t size() const { return text_.size(); }
  // 0 beyond the end, which no pattern has.
  uint8_t operator[](size_t i) const { return i < text_.size() ? static_cast<uint8_t>(text_[i]) : 0; }
  std::string_view from(size_t i) const { return text_.substr(i); }
  // Whether byte i is in [first, last].
  bool in(size_t i, uint8_t first, uint8_t last) const { return (*this)[i] >= first && (*this)[i] <= last; }
  bool is_next(size_t i) const { return in(i, 0x80, 0xBF); }

 private:
  std::string_view text_;
};

bool is_one_of(uint8_t byte, std::string_view set) {
  return byte != 0 && set.find(static_cast<char>(byte)) != set.npos;
}

// "Ã " is a word of its own in Romance languages, unless a longer one goes on behind it.
bool is_a_grave_word(const Bytes& bytes, size_t at) {
  if (bytes[at] != 0xC3 || bytes[at + 1] != ' ') return false;
  const std::string_view after = bytes.from(at + 2);
  for (const std::string_view word : {" ", "quele", "quela", "quilo", "s "}) {
    if (after.starts_with(word)) return false;
  }
  return true;
}

// How many bytes from `at` are one character of UTF-8 in which one space stands for A0; 0: none.
size_t spaced_character(const Bytes& b, size_t at) {
  // Next bytes that make likely characters; 85 is more often an ellipsis, A0 itself needs no repair.
  const auto is_likely = [&](size_t i) { return b.is_next(i) && b[i] != 0x85 && b[i] != 0xA0; };
  const auto is_space = [&](size_t i) { return b[i] == ' '; };
  const uint8_t lead = b[at];
  if (is_one_of(lead, "\xC2\xC3\xC5\xCE\xD0\xD9") && is_space(at + 1)) return 2;
  if ((lead == 0xE2 || lead == 0xE3) && is_space(at + 1) && is_likely(at + 2)) return 3;
  if (lead >= 0xE0 && lead <= 0xE3 && is_likely(at + 1) && is_space(at + 2)) return 3;
  if (lead != 0xF0) return 0;
  const int spaces = is_space(at + 1) + is_space(at + 2) + is_space(at + 3);
  const int others = b.is_next(at + 1) + b.is_next(at + 2) + b.is_next(at + 3);
  return spaces == 1 && others == 2 ? 4 : 0;
}

// How many bytes from `at` are one character of UTF-8 of which bytes were lost; 0: none.
size_t lost_character(const Bytes& b, size_t at) {
  const auto is_lost = [&](size_t i) { return b[i] == kLost; };
  const auto is_mark = [&](size_t i) { return b[i] == kLost || b[i] == '?'; };
  const auto is_next_or_lost = [&](size_t i) { return b.is_next(i) || is_lost(i); };
  const auto is_next_or_mark = [&](size_t i) { return b.is_next(i) || is_mark(i); };
  const uint8_t lead = b[at];
  if (lead >= 0xC2 && lead <= 0xDF && is_lost(at + 1)) return 2;
  if ((lead == 0xC2 || lead == 0xC3) && b[at + 1] == '?') return 2;
  if (lead == 0xED && b.in(at + 1, 0xA0, 0xAF) && b[at + 3] == 0xED && b.in(at + 4, 0xB0, 0xBF) &&
      ((is_mark(at + 2) && is_next_or_mark(at + 5)) || (is_next_or_mark(at + 2) && is_mark(at + 5)))) {
    return 6;
  }
  if (lead >= 0xE0 && lead <= 0xEF &&
      ((is_mark(at + 1) && is_next_or_lost(at + 2)) || (is_next_or_lost(at + 1) && is_mark(at + 2)))) {
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    // At most one of them a '?', which says that a byte was lost as 1A does.
    const int marks = is_mark(at + 1) + is_mark(at + 2) + is_mark(at + 3);
    const int questions = (b[at + 1] == '?') + (b[at + 2] == '?') + (b[at + 3] == '?');
    if (marks >= 1 && questions <= 1 && is_next_or_mark(at + 1) && is_next_or_mark(at + 2) &&
        is_next_or_mark(at + 3)) {
      return 4;
    }
  }
  return is_lost(at) ? 1 : 0;
}

const std::unordered_map<char32_t, uint8_t>& bytes_of(const CodePage& page) {
  static const auto tables = [] {
    std::vector<std::unordered_map<char32_t, uint8_t>> made(kCodePages.size());
    for (size_t i = 0; i < made.size(); ++i) {
      for (size_t c = 0; c < kCodePages[i].upper.size(); ++c) {
        made[i][kCodePages[i].upper[c]] = static_cast<uint8_t>(0x80 + c);
      }
    }
    return made;
  }();
  return tables[static_cast<size_t>(&page - kCodePages.data())];
}

// A pair of surrogates, each in three bytes, as one character of the two. In what the original matches, the
// last byte may be missing before a line end that ends the text; its bits then come from the line end.
std::optional<char32_t> surrogate_pair(const Bytes& b, size_t at) {
  const bool ends = at + 6 == b.size() && b[at + 5] == '\n';
  if (at + 6 > b.size() || !b.in(at + 1, 0xA0, 0xAF) || !b.is_next(at + 2) || b[at + 3] != 0xED ||
      !b.in(at + 4, 0xB0, 0xBF) || (!b.is_next(at + 5) && !ends)) {
    return std::nullopt;
  }
  return static_cast<char32_t>(((b[at + 1] & 0x0Fu) << 16) + ((b[at + 2] & 0x3Fu) << 10) +
                               ((b[at + 4] & 0x0Fu) << 6) + (b[at + 5] & 0x3Fu) + 0x10000);
}

}  // namespace

std::optional<std::string> encode_bytes(std::u32string_view text, const CodePage* page, bool sloppy) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t point : text) {
    if (sloppy && point == U'\uFFFD') {
      bytes += static_cast<char>(kLost);
    } else if (point < 0x80) {
      if (sloppy && point == kLost) return std::nullopt;
      bytes += static_cast<char>(point);
    } else if (page == nullptr) {
      if (point > 0xFF) return std::nullopt;
      bytes += static_cast<char>(point);
    } else {
      const auto found = bytes_of(*page).find(point);
      if (found == bytes_of(*page).end()) return std::nullopt;
      bytes += static_cast<char>(found->second);
    }
  }
  return bytes;
}

std::string restore_nbsp(const std::string& bytes) {
  const Bytes before(bytes);
  bool is_altered = false;
  std::string with_words;
  for (size_t at = 0; at < before.size();) {
    is_altered = is_altered || spaced_character(before, at) > 0;
    if (is_a_grave_word(before, at)) {
      with_words += "\xC3\xA0 ";
      at += 2;
    } else {
      with_words += bytes[at++];
    }
  }
  if (!is_altered) return bytes;
  const Bytes b(with_words);
  std::string restored = with_words;
  for (size_t at = 0; at < b.size();) {
    const size_t length = spaced_character(b, at);
    for (size_t i = at; i < at + length; ++i) {
      if (b[i] == ' ') restored[i] = '\xA0';
    }
    at += length > 0 ? length : 1;
  }
  return restored;
}

std::string replace_lost(const std::string& bytes) {
  const Bytes b(bytes);
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < b.size();) {
    const size_t length = lost_character(b, at);
    if (length > 0) {
      out += "\xEF\xBF\xBD";
      at += length;
    } else {
      out += bytes[at++];
    }
  }
  return out;
}

std::optional<std::u32string> decode_bytes(std::string_view bytes) {
  const Bytes b(bytes);
  std::u32string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    // As above: a line end that ends the text does for the second byte of NUL.
    if (b[at] == 0xC0 && (b[at + 1] == 0x80 || (at + 2 == b.size() && b[at + 1] == '\n'))) {
      out += U'\0';
      at += 2;
    } else if (const auto point = next_code_point(bytes, at)) {
      out += *point;
    } else if (const auto pair = b[at] == 0xED ? surrogate_pair(b, at) : std::nullopt) {
      out += *pair;
      at += 6;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace ink
