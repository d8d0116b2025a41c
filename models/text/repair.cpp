#include "models/text/repair.h"

#include <algorithm>

#include "models/text/code_sets.h"
#include "models/text/html_entities.h"
#include "models/text/mojibake.h"
#include "models/text/normal_form.h"

namespace ink {
namespace {

// The original takes longer lines in pieces of this many characters.
constexpr size_t kLongestSegment = 1'000'000;
// A character may be looked at this often; and that of a short text more often: 2^20 are enough for any text
// of up to 2,000 characters, for each pass takes at least four from "&amp;amp;amp;" and the like.
constexpr size_t kPasses = 16, kLeastBudget = size_t{1} << 20;

void append_taken_apart(std::u32string& to, char32_t point) {
  struct Ligature {
    char32_t point;
    std::u32string_view letters;
  };
  static constexpr Ligature kLigatures[] = {
      {U'\u0132', U"IJ"},      {U'\u0133', U"ij"},      {U'\u0149', U"\u02BCn"}, {U'\u01C4', U"D\u017D"},
      {U'\u01C5', U"D\u017E"}, {U'\u01C6', U"d\u017E"}, {U'\u01C7', U"LJ"},      {U'\u01C8', U"Lj"},
      {U'\u01C9', U"lj"},      {U'\u01CA', U"NJ"},      {U'\u01CB', U"Nj"},      {U'\u01CC', U"nj"},
      {U'\u01F1', U"DZ"},      {U'\u01F2', U"Dz"},      {U'\u01F3', U"dz"},      {U'\uFB00', U"ff"},
      {U'\uFB01', U"fi"},      {U'\uFB02', U"fl"},      {U'\uFB03', U"ffi"},     {U'\uFB04', U"ffl"},
      {U'\uFB05', U"\u017Ft"}, {U'\uFB06', U"st"}};
  const auto found = point < 0x132 ? std::end(kLigatures)
                                   : std::find_if(std::begin(kLigatures), std::end(kLigatures),
                                                  [&](const Ligature& one) { return one.point == point; });
  if (found == std::end(kLigatures)) {
    to += point;
  } else {
    to += found->letters;
  }
}

char32_t straight_quote(char32_t point) {
  if (point == 0x2BC || (point >= 0x2018 && point <= 0x201B)) return U'\'';
  return point >= 0x201C && point <= 0x201F ? U'"' : point;
}

bool is_line_end(char32_t point) {
  return point == '\r' || point == 0x85 || point == 0x2028 || point == 0x2029;
}

bool is_unwanted_control(char32_t p) {
  if (p < 0x80) return p < 9 || p == 0xB || (p >= 0xE && p < 0x20) || p == 0x7F;
  return (p >= 0x206A && p <= 0x206F) || p == 0xFEFF || (p >= 0xFFF9 && p <= 0xFFFC);
}

// The length of the terminal's command that starts at text[at], ESC [ digits and ';', a letter; or 0.
size_t terminal_escape(std::u32string_view text, size_t at) {
  if (text[at] != 0x1B || at + 1 == text.size() || text[at + 1] != '[') return 0;
  size_t end = at + 2;
  while (end < text.size() && (text[end] == ';' || is_python_digit(text[end]))) ++end;
  return end < text.size() && (text[end] | 0x20) - U'a' < 26 ? end + 1 - at : 0;
}

// Forms of a character that one who types does not mean, for those that he does.
std::u32string with_plain_characters(std::u32string_view text) {
  std::u32string apart, out;
  apart.reserve(text.size());
  out.reserve(text.size());
  for (const char32_t point : text) append_taken_apart(apart, repair_c1(point));
  for (const char32_t point : apart) append_usual_width(out, point);
  std::transform(out.begin(), out.end(), out.begin(), straight_quote);
  return out;
}

std::u32string without_controls(std::u32string_view text) {
  std::u32string lines, out;
  lines.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    lines += is_line_end(text[i]) ? U'\n' : text[i];
  }
  out.reserve(lines.size());
  for (size_t at = 0; at < lines.size();) {
    if (const size_t length = terminal_escape(lines, at); length > 0) {
      at += length;
      continue;
    }
    if (!is_unwanted_control(lines[at])) out += lines[at];
    ++at;
  }
  return out;
}

std::u32string repair_segment(std::u32string text, bool has_references, RepairBudget& budget) {
  while (budget.spend(text.size() + 1)) {
    std::u32string repaired = has_references ? unescape_plain_html(text) : text;
    repaired = repair_mojibake(std::move(repaired), budget);
    repaired = with_plain_characters(repaired);
    repaired = compose(without_controls(repaired), ComposeVersion::unicode14);
    if (repaired == text) break;
    text = std::move(repaired);
  }
  return text;
}

}  // namespace

Result<std::u32string> repair_text(std::u32string_view text) {
  RepairBudget budget(std::max(kLeastBudget, text.size() * kPasses));
  bool has_references = true;
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t line_end = text.find(U'\n');
    const size_t line = line_end == text.npos ? text.size() : line_end + 1;
    const std::u32string_view segment = text.substr(0, std::min(line, kLongestSegment));
    text.remove_prefix(segment.size());
    // With a '<' in it, a text may be HTML itself, and stays that from there on.
    has_references = has_references && segment.find(U'<') == segment.npos;
    out += repair_segment(std::u32string(segment), has_references, budget);
    if (budget.is_spent()) {
      return Error{ErrorKind::limit, "the text is wrongly encoded or escaped too many times over"};
    }
  }
  return out;
}

}  // namespace ink
