#pragma once

#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

bool is_gzip(std::string_view bytes);

// What a .gz holds. Error (model): it is broken, or holds more than `most_bytes`; `file` leads the message.
Result<std::string> gunzip(std::string_view bytes, size_t most_bytes, std::string_view file);

}  // namespace ink
