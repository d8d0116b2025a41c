#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/base/function_ref.h"
#include "kernels/base/result.h"

namespace ink {

// One value of a JSON text, where it stands: its keys and, in arrays, its indices from the outside in.
struct JsonValue {
  enum class Kind { object, array, string, number, boolean, null };

  std::span<const std::string> path;
  Kind kind = Kind::null;
  std::string_view text;  // of a string
};

// Calls `visit` for each value as it begins, so nothing of the text is kept and depth costs no stack. What
// `visit` answers in words refuses the text. Error (model): it is not JSON in UTF-8 from end to end, holds a
// NUL byte or is nested more than 64 deep; with the offset.
Status walk_json(std::string_view json, const std::string& origin,
                 FunctionRef<Status(const JsonValue&)> visit);

}  // namespace ink
