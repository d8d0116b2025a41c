#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "kernels/base/result.h"

namespace ink {

// Joins strings and integers.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  const auto append = [&text](const auto& part) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += std::string_view(part);
    }
  };
  (append(parts), ...);
  return text;
}

// Text that came from outside, in single quotes: bytes outside printable ASCII become \xHH, so that a file
// cannot steer the terminal, and what exceeds 80 characters is cut.
std::string quote(std::string_view text);

// "0x01306b47".
std::string hex32(uint32_t value);

template <class... Parts>
Error model_error(const Parts&... parts) {
  return {ErrorKind::model, concat(parts...)};
}

}  // namespace ink
