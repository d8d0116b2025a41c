#pragma once

#include <string>
#include <string_view>

namespace ink {

// As Python's html.unescape: HTML 5's rules, by which a name may lack its ';'.
std::u32string unescape_html(std::u32string_view text);

// The references that end in ';' alone, and names in capitals whose lower case is a reference: "&NTILDE;".
std::u32string unescape_plain_html(std::u32string_view text);

}  // namespace ink
