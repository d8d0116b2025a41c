#include "models/text/mojibake_classes.h"

#include <unordered_map>

#include "models/text/code_sets.h"
#include "models/text/mojibake_data.h"

namespace ink {
namespace {

using enum MojibakeClass;

struct Members {
  MojibakeClass of;
  std::u32string_view points;
};

constexpr Members kNamed[] = {
    {ligature_oe, U"Œœ"},
    {degree, U"°"},
    {times, U"×"},
    {square_or_cube, U"²³"},
    {a_grave, U"à"},
    {a_tilde, U"Ã"},
    {a_circumflex, U"Â"},
    {latin_lead, U"ÂÃÎÐ"},
    {latin_tail, U"€œŠš¢£Ÿž\u00A0\u00AD®©°·»\u2013\u2014´"},
    {arabic_lead, U"ØÙ"},
    {arabic_tail, U"ŸŠ®°µ»"},
    {indic_tail, U"²µ¹¼½¾"},
    {square_root, U"√"},
    {square_root_tail, U"±∂†≠®™´≤≥¥µø"},
    {almost_equal, U"≈"},
    {almost_equal_tail, U"°¢"},
    {low_quote, U"\u201A"},
    {a_diaeresis, U"Ä"},
    {mac_punctuation_tail, U"ìîïòôúùû†°¢π"},
    {mac_accent, U"âó"},
    {mac_accent_tail, U"àä°ê"},
    {nbsp_or_inverted_mark, U"\u00A0¡"},
    {cyrillic_ve, U"\u0432"},
    {cyrillic_capital_ve, U"\u0412"},
    {cyrillic_dje, U"\u0402"},
    {cyrillic_lead, U"\u0412\u0413\u0420\u0421"},
    {cyrillic_ghe, U"\u0413"},
    {cyrillic_short_u, U"\u045E"},
    {degree_or_micro, U"°µ"},
    {greek_beta, U"\u03B2"},
    {euro, U"€"},
    {greek_tail, U"™\u00A0\u0386\u00AD®°"},
    {greek_lead, U"\u0392\u0393\u039E\u039F"},
    {a_macron, U"ā"},
};

using Table = std::unordered_map<char32_t, ClassSet>;

const Table& table() {
  static const Table made = [] {
    Table classes;
    for (size_t i = 0; i < kMojibakeClasses.size(); ++i) {
      for (const CodeRange& range : kMojibakeClasses[i]) {
        for (uint32_t point = range.first; point <= range.last; ++point) {
          classes[point] |= set_of(static_cast<MojibakeClass>(i));
        }
      }
    }
    for (const Members& members : kNamed) {
      for (const char32_t point : members.points) classes[point] |= set_of(members.of);
    }
    return classes;
  }();
  return made;
}

ClassSet ascii_classes(char32_t point) {
  const bool is_lower = point - U'a' < 26, is_letter = (point | 0x20) - U'a' < 26;
  ClassSet set = point == '\n' ? 0 : set_of(not_newline);
  set |= is_letter ? set_of(ascii_letter, word) : set_of(not_ascii_letter);
  if (is_lower) set |= set_of(ascii_lower, sentence_mark);
  if (point == '.' || point == ',' || point == '?' || point == '!') set |= set_of(sentence_mark);
  if (point == ' ') set |= set_of(space, continuation);
  if (is_python_space(point)) set |= set_of(white_space);
  if (point - U'0' < 10 || point == '_') set |= set_of(word);
  return set;
}

}  // namespace

std::vector<ClassSet> mojibake_classes(std::u32string_view text) {
  const Table& known = table();
  std::vector<ClassSet> sets;
  sets.reserve(text.size());
  for (const char32_t point : text) {
    if (point < 0x80) {
      sets.push_back(ascii_classes(point));
      continue;
    }
    ClassSet set = set_of(not_ascii_letter, not_newline);
    if (const auto found = known.find(point); found != known.end()) set |= found->second;
    if (is_white_space(point)) set |= set_of(white_space);
    if (is_letter(point, LetterKnowledge::python) || is_number(point, LetterKnowledge::python)) {
      set |= set_of(word);
    }
    sets.push_back(set);
  }
  return sets;
}

}  // namespace ink
