#pragma once

#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// As the Python package ftfy 6 repairs a text with its defaults: references of HTML, mojibake, C1 controls,
// ligatures, widths, quotes, line ends, terminal escapes, controls, normal form C; again until nothing
// changes. Error (limit): the text changes so often that it must have been made to.
Result<std::u32string> repair_text(std::u32string_view text);

}  // namespace ink
