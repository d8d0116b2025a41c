#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/text/code_sets_data.h"

// Sets of code points as the original tokenizers know them. Each original was built with libraries of its own
// Unicode version, so one question has several answers.

namespace ink {

bool contains(std::span<const CodeRange> sorted, uint32_t point);

// Which original's knowledge of letters and numbers is asked for.
enum class LetterKnowledge {
  python,      // unicodedata 14
  tokenizers,  // the regular expressions of the library tokenizers
  regex,       // Python's package regex
};
bool is_letter(uint32_t point, LetterKnowledge knowledge);  // categories L*
bool is_number(uint32_t point, LetterKnowledge knowledge);  // categories N*
bool is_python_digit(uint32_t point);                       // category Nd of unicodedata 14

// White space by the Unicode property, which none of the originals disagrees about: 25 code points.
bool is_white_space(uint32_t point);
// As Python's str.isspace: the information separators 1C-1F too.
bool is_python_space(uint32_t point);

// A code point at a time, as the library tokenizers does.
std::u32string lower_each(std::u32string_view text);
// As Python 3.11's str.lower: a capital sigma that ends a word becomes the final one.
std::u32string lower_in_context(std::u32string_view text);

// What WordPiece drops from a text: controls other than tab and line ends, format characters and private use.
bool is_dropped_by_word_piece(uint32_t point);
// What is a word by itself in WordPiece, with white space or without round it: punctuation.
bool is_alone_in_word_piece(uint32_t point);
// Round what WordPiece puts spaces: the ideographs that BERT lists.
bool is_ideograph_in_word_piece(uint32_t point);

}  // namespace ink
