#pragma once

#include <string>
#include <vector>

#include "converters/sources/source.h"
#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

// Reads every tensor, and ends the process where one contradicts its shape.
void check_source(const TensorSource& source);

// Files of tests/goldens/keras.
std::vector<Input> keras_inputs(const std::vector<std::string>& names);

}  // namespace ink::fuzz
