#pragma once

#include <string_view>

namespace ink {

// HTML's named characters as UTF-8, by name: name, mark, characters, and '\v' and other characters where the
// name in capitals stands for others; each ends with '\r'. Marks: ' ' the name needs its ';', '!' it does
// not; '^' and '*' say the same of a name that is read in capitals, too.
extern const std::string_view kHtmlEntities;

}  // namespace ink
