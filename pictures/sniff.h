#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ink {

// What the first bytes of a file look like, in words for a message: "a JPEG picture", "an HTML page", or
// "no known picture format". Decides nothing: readers go by their own signature.
std::string_view looks_like(std::span<const std::byte> file);

}  // namespace ink
