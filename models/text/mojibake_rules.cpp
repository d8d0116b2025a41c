#include <algorithm>
#include <array>

#include "models/text/mojibake.h"
#include "models/text/mojibake_classes.h"

namespace ink {
namespace {

using enum MojibakeClass;

constexpr size_t kLongestRule = 6;

// Characters in a row that are seldom meant; unused steps are empty sets.
struct Rule {
  std::array<ClassSet, kLongestRule> steps{};
  bool at_start = false;
};

constexpr ClassSet kAccented = set_of(lower_accented, upper_accented);
constexpr ClassSet kPunctuation = set_of(start_punctuation, end_punctuation);
constexpr ClassSet kUnlikelyByBad = kAccented | kPunctuation | set_of(box, currency, numeric, law);
constexpr ClassSet kArabicTail = set_of(common, currency, bad, numeric, start_punctuation, arabic_tail);
constexpr ClassSet kCyrillicTail = kPunctuation | set_of(c1, bad, currency, degree_or_micro);
constexpr ClassSet kGreekTail = kPunctuation | set_of(c1, bad, currency, degree);
constexpr ClassSet kCapitalA = set_of(a_tilde, a_circumflex);

constexpr Rule kRules[] = {
    {{set_of(c1)}},
    {{set_of(bad) | kUnlikelyByBad, set_of(bad)}},
    {{set_of(ascii_letter), set_of(lower_common, upper_common), set_of(bad)}},
    {{set_of(bad), kUnlikelyByBad}},
    {{set_of(lower_accented, lower_common, box, end_punctuation, currency, numeric), set_of(upper_accented)}},
    {{set_of(box, end_punctuation, currency, numeric), set_of(lower_accented)}},
    {{set_of(lower_accented, box, end_punctuation), set_of(currency)}},
    {{set_of(white_space), set_of(upper_accented), set_of(currency)}},
    {{set_of(upper_accented, box), set_of(numeric, law)}},
    {{kAccented | set_of(box, currency, end_punctuation), set_of(start_punctuation), set_of(numeric)}},
    {{kAccented | set_of(currency, numeric, box, law), set_of(end_punctuation), set_of(start_punctuation)}},
    {{set_of(currency, numeric, box), set_of(start_punctuation)}},
    {{set_of(ascii_lower), set_of(upper_accented), set_of(start_punctuation, currency)}},
    {{set_of(box), set_of(kaomoji)}},
    {{kAccented | kPunctuation | set_of(currency, numeric, law), set_of(box)}},
    {{set_of(box), set_of(end_punctuation)}},
    {{kAccented, kPunctuation, set_of(word)}},
    {{set_of(ligature_oe), set_of(not_ascii_letter)}},
    {{set_of(upper_accented), set_of(degree)}},
    // Windows-1252 read as such, in its commonest pairs.
    {{set_of(latin_lead), set_of(latin_tail) | kPunctuation}},
    {{set_of(times), set_of(square_or_cube)}},
    {{set_of(arabic_lead), kArabicTail, set_of(arabic_lead), kArabicTail}},
    {{set_of(a_grave), set_of(indic_tail)}},
    // Mac Roman.
    {{set_of(square_root), set_of(square_root_tail)}},
    {{set_of(almost_equal), set_of(almost_equal_tail)}},
    {{set_of(low_quote), set_of(a_diaeresis), set_of(mac_punctuation_tail)}},
    {{set_of(low_quote), set_of(mac_accent), set_of(mac_accent_tail)}},
    // Windows-1251, of punctuation and of Cyrillic letters; the long one is that of Latin-1 in 1252.
    {{set_of(cyrillic_ve), set_of(cyrillic_dje)}},
    {{set_of(cyrillic_lead), kCyrillicTail, set_of(cyrillic_lead)}},
    {{set_of(cyrillic_ghe), set_of(cyrillic_short_u), set_of(cyrillic_capital_ve), set_of(cyrillic_dje),
      set_of(cyrillic_capital_ve), set_of(not_newline)}},
    // A with a grave or acute accent and the no-break space, whose last byte became a space.
    {{set_of(a_tilde), set_of(nbsp_or_inverted_mark)}},
    {{set_of(ascii_lower), set_of(white_space), kCapitalA, set_of(space)}},
    {{set_of(ascii_lower), kCapitalA, set_of(space)}},
    {{kCapitalA, set_of(space)}, true},
    {{set_of(sentence_mark, end_punctuation), set_of(a_circumflex), set_of(space) | kPunctuation}},
    // Windows-1253 and 1257.
    {{set_of(greek_beta), set_of(euro), set_of(greek_tail)}},
    {{set_of(greek_lead), kGreekTail, set_of(greek_lead)}},
    {{set_of(a_macron), set_of(euro)}},
};

bool matches(const Rule& rule, const std::vector<ClassSet>& classes, size_t at) {
  if (rule.at_start && at > 0) return false;
  for (const ClassSet step : rule.steps) {
    if (step == 0) return true;
    if (at == classes.size() || (classes[at] & step) == 0) return false;
    ++at;
  }
  // The one rule of full length wants a Latin letter or a space behind it.
  return at < classes.size() && (classes[at] & set_of(ascii_letter, space)) != 0;
}

}  // namespace

bool looks_like_mojibake(std::u32string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char32_t point) { return point < 0x80; })) return false;
  const std::vector<ClassSet> classes = mojibake_classes(text);
  for (size_t at = 0; at < classes.size(); ++at) {
    const auto match = [&](const Rule& rule) { return matches(rule, classes, at); };
    if (std::any_of(std::begin(kRules), std::end(kRules), match)) return true;
  }
  return false;
}

}  // namespace ink
