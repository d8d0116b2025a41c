#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ink {

// What a character may be in text that was decoded by a wrong encoding; a set of these is a ClassSet. Up to
// continuation_strict they are the tables of mojibake_data.h; the rest are single characters that rules name.
// clang-format off
enum class MojibakeClass {
  common, c1, bad, law, currency, start_punctuation, end_punctuation, numeric, kaomoji,
  upper_accented, lower_accented, upper_common, lower_common, box,
  lead_of_2, lead_of_3, lead_of_4,  // what the first byte of so many of UTF-8 looks like
  continuation, continuation_strict,  // and the bytes after it; strict: no space, dash, quote or ellipsis
  ligature_oe, degree, times, square_or_cube, a_grave, a_tilde, a_circumflex, latin_lead, latin_tail,
  arabic_lead, arabic_tail, indic_tail, square_root, square_root_tail, almost_equal, almost_equal_tail,
  low_quote, a_diaeresis, mac_punctuation_tail, mac_accent, mac_accent_tail, nbsp_or_inverted_mark,
  cyrillic_ve, cyrillic_capital_ve, cyrillic_dje, cyrillic_lead, cyrillic_ghe, cyrillic_short_u, degree_or_micro,
  greek_beta, euro, greek_tail, greek_lead, a_macron,
  space, white_space, ascii_lower, ascii_letter, not_ascii_letter, sentence_mark, not_newline, word,
  kCount,
};
// clang-format on

using ClassSet = uint64_t;
static_assert(static_cast<int>(MojibakeClass::kCount) <= 64);

template <class... Classes>
constexpr ClassSet set_of(Classes... classes) {
  return (... | (ClassSet{1} << static_cast<int>(classes)));
}

// The classes of each character.
std::vector<ClassSet> mojibake_classes(std::u32string_view text);

}  // namespace ink
