#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// The code point that starts at text[at], and moves `at` behind it; nothing where the bytes there are no
// UTF-8 (too short, too long, a surrogate, beyond 10FFFF). `at` is in the text.
std::optional<char32_t> next_code_point(std::string_view text, size_t& at);

void append_utf8(std::string& to, char32_t point);
std::string to_utf8(std::u32string_view text);

// Error (bad_input): the offset of the first byte that is no UTF-8.
Status check_utf8(std::string_view text);
Result<std::u32string> from_utf8(std::string_view text);

}  // namespace ink
