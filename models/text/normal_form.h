#pragma once

#include <string>
#include <string_view>

namespace ink {

// The originals compose texts by the Unicode version of their library; characters that came later stay as
// they are.
enum class ComposeVersion {
  unicode9,   // the library tokenizers
  unicode14,  // Python 3.11
};

// Normal form C. n log n for any text.
std::u32string compose(std::u32string_view text, ComposeVersion version);

// Full width and half width forms (FF01 to FFEE) and U+3000 by their normal form KC; others stay.
void append_usual_width(std::u32string& to, char32_t point);

}  // namespace ink
