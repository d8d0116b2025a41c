#include "models/text/mojibake.h"

#include <algorithm>
#include <optional>

#include "models/text/mojibake_classes.h"
#include "models/text/wrong_bytes.h"

namespace ink {
namespace {

using enum MojibakeClass;

// How texts are nested in each other at most: each level halves what can be wrong in it.
constexpr int kDeepest = 64;

bool is_c1(char32_t point) { return point - U'\u0080' < 0x20; }

std::u32string with_c1_repaired(std::u32string_view text) {
  std::u32string out(text);
  std::transform(out.begin(), out.end(), out.begin(), repair_c1);
  return out;
}

// How an encoding is tried, in the order of kCodePages behind Latin-1.
struct Attempt {
  const CodePage* page;
  bool sloppy;
  bool is_mac_roman;
};

Attempt attempt(size_t index) {
  constexpr size_t kWindowsPages = 6, kMacRoman = 7;
  if (index == 0) return {nullptr, false, false};
  return {&kCodePages[index - 1], index <= kWindowsPages, index - 1 == kMacRoman};
}

// The text as what its bytes in one of the encodings say as UTF-8.
std::optional<std::u32string> decoded_again(std::u32string_view text, bool& is_latin1) {
  for (size_t i = 0; i <= kCodePages.size(); ++i) {
    const Attempt how = attempt(i);
    std::optional<std::string> bytes = encode_bytes(text, how.page, how.sloppy);
    if (!bytes) continue;
    if (i == 0) is_latin1 = true;
    // Mac Roman's dash before a space would look like a character that lost its A0.
    if (!how.is_mac_roman) bytes = restore_nbsp(*bytes);
    if (how.sloppy) bytes = replace_lost(*bytes);
    if (std::optional<std::u32string> decoded = decode_bytes(*bytes)) return decoded;
  }
  return std::nullopt;
}

// How many characters from `at` look like one character of UTF-8 each byte of which became one; 0: none.
size_t embedded_character(const std::vector<ClassSet>& classes, size_t at) {
  const auto is = [&](size_t i, ClassSet set) { return i < classes.size() && (classes[i] & set) != 0; };
  const auto has_tail = [&](size_t length) {
    for (size_t i = 1; i < length; ++i) {
      if (!is(at + i, set_of(continuation))) return false;
    }
    return true;
  };
  if (is(at, set_of(lead_of_2)) && has_tail(2)) return 2;
  if (is(at, set_of(lead_of_3)) && has_tail(3)) return 3;
  if (is(at, set_of(lead_of_4)) && has_tail(4)) return 4;
  return 0;
}

std::u32string repair(std::u32string text, RepairBudget& budget, int depth);

// Repairs the runs that look like UTF-8, each by itself.
std::u32string repair_embedded(std::u32string_view text, RepairBudget& budget, int depth) {
  const std::vector<ClassSet> classes = mojibake_classes(text);
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    if (at == 0 || (classes[at - 1] & set_of(continuation_strict)) == 0) {
      while (const size_t length = embedded_character(classes, end)) end += length;
    }
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::u32string_view run = text.substr(at, end - at);
    if (run.size() < text.size() && looks_like_mojibake(run)) {
      out += repair(std::u32string(run), budget, depth + 1);
    } else {
      out += run;
    }
    at = end;
  }
  return out;
}

// Latin-1 as Windows-1252, unless a control has no character there.
std::optional<std::u32string> as_windows1252(std::u32string_view text) {
  std::u32string out = with_c1_repaired(text);
  if (std::any_of(out.begin(), out.end(), is_c1)) return std::nullopt;
  return out;
}

std::u32string repair_once(const std::u32string& text, RepairBudget& budget, int depth) {
  if (!looks_like_mojibake(text)) return text;
  bool is_latin1 = false;
  if (std::optional<std::u32string> decoded = decoded_again(text, is_latin1)) return *std::move(decoded);
  if (std::u32string embedded = repair_embedded(text, budget, depth); embedded != text) return embedded;
  if (is_latin1) {
    if (const auto windows = as_windows1252(text); windows && *windows != text) return *windows;
  }
  return with_c1_repaired(text);
}

std::u32string repair(std::u32string text, RepairBudget& budget, int depth) {
  if (depth > kDeepest) budget.spend(SIZE_MAX);
  while (budget.spend(text.size() + 1)) {
    std::u32string repaired = repair_once(text, budget, depth);
    if (repaired == text) break;
    text = std::move(repaired);
  }
  return text;
}

}  // namespace

char32_t repair_c1(char32_t point) {
  return is_c1(point) ? static_cast<char32_t>(kCodePages[0].upper[point - 0x80]) : point;
}

std::u32string repair_mojibake(std::u32string text, RepairBudget& budget) {
  return repair(std::move(text), budget, 0);
}

}  // namespace ink
