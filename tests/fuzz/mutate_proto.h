#pragma once

#include <string>

#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

// Changes one field of a Protocol Buffers message, or of a message in it, and mends the lengths round it:
// another number, another kind, removed, doubled, its bytes changed.
std::string mutate_proto(const std::string& message, Random& random, int deepest = 8);

}  // namespace ink::fuzz
