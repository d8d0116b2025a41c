#include "models/text/code_sets.h"

#include <algorithm>

namespace ink {
namespace {

// The range that `point` lies in, of sorted ones that do not overlap; or null.
template <class Range>
const Range* find(std::span<const Range> sorted, uint32_t point) {
  const auto after = std::upper_bound(sorted.begin(), sorted.end(), point,
                                      [](uint32_t p, const Range& range) { return p < range.first; });
  if (after == sorted.begin()) return nullptr;
  const Range& range = *std::prev(after);
  return point <= range.last ? &range : nullptr;
}

bool known(std::span<const LevelRange> sorted, uint32_t point, LetterKnowledge knowledge) {
  const LevelRange* const range = find(sorted, point);
  return range != nullptr && range->level <= static_cast<int>(knowledge);
}

bool is_ascii_letter(uint32_t point) { return (point | 0x20) - 'a' < 26; }

constexpr uint32_t kCapitalSigma = 0x3A3, kSmallSigma = 0x3C3, kFinalSigma = 0x3C2;
constexpr uint32_t kCapitalIWithDot = 0x130, kDotAbove = 0x307;

void append_lower(std::u32string& to, uint32_t point, int level) {
  if (point < 0x80) {
    to += static_cast<char32_t>(point - 'A' < 26 ? point + 0x20 : point);
    return;
  }
  if (point == kCapitalIWithDot) {
    to += {U'i', static_cast<char32_t>(kDotAbove)};
    return;
  }
  const LowerRun* const run = find(kCodeTables.lower, point);
  const bool has_lower = run != nullptr && run->level <= level && (point - run->first) % run->stride == 0;
  to += static_cast<char32_t>(has_lower ? point + static_cast<uint32_t>(run->delta) : point);
}

// A sigma ends a word where a cased character is before it and none after it, both past what case ignores.
template <class Iterator>
bool meets_cased(Iterator at, Iterator end) {
  while (at != end && contains(kCodeTables.case_ignorable, *at)) ++at;
  return at != end && contains(kCodeTables.cased, *at);
}

}  // namespace

bool contains(std::span<const CodeRange> sorted, uint32_t point) { return find(sorted, point) != nullptr; }

bool is_letter(uint32_t point, LetterKnowledge knowledge) {
  return point < 0x80 ? is_ascii_letter(point) : known(kCodeTables.letters, point, knowledge);
}

bool is_number(uint32_t point, LetterKnowledge knowledge) {
  return point < 0x80 ? point - '0' < 10 : known(kCodeTables.numbers, point, knowledge);
}

bool is_python_digit(uint32_t point) { return contains(kCodeTables.digits, point); }

bool is_white_space(uint32_t point) {
  if (point < 0x80) return point == ' ' || point - '\t' < 5;
  return point == 0x85 || point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A) ||
         point == 0x2028 || point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

bool is_python_space(uint32_t point) { return is_white_space(point) || (point >= 0x1C && point <= 0x1F); }

std::u32string lower_each(std::u32string_view text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (const char32_t point : text) append_lower(lower, point, 1);
  return lower;
}

std::u32string lower_in_context(std::u32string_view text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != kCapitalSigma) {
      append_lower(lower, text[i], 0);
      continue;
    }
    const bool is_final =
        meets_cased(std::make_reverse_iterator(text.begin() + static_cast<ptrdiff_t>(i)), text.rend()) &&
        !meets_cased(text.begin() + static_cast<ptrdiff_t>(i) + 1, text.end());
    lower += static_cast<char32_t>(is_final ? kFinalSigma : kSmallSigma);
  }
  return lower;
}

bool is_dropped_by_word_piece(uint32_t point) { return contains(kCodeTables.word_piece_removed, point); }

bool is_alone_in_word_piece(uint32_t point) { return contains(kCodeTables.word_piece_alone, point); }

bool is_ideograph_in_word_piece(uint32_t point) {
  // 2B820 to 2B91F lie in Extension E, and are left out as the original leaves them out.
  static constexpr CodeRange kRanges[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                          {0x20000, 0x2A6DF}, {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF},
                                          {0x2F800, 0x2FA1F}};
  return point >= 0x3400 && contains(kRanges, point);
}

}  // namespace ink
