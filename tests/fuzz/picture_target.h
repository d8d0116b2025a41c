#pragma once

#include <string>
#include <vector>

#include "pictures/picture.h"
#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

// Small, so that a run takes microseconds.
inline constexpr PictureLimits kPictureLimits{256, 1 << 14, 1 << 20, 24, 1 << 16};

// Decodes a picture, and ends the process where the result contradicts its shape or, for one input of many,
// where it cannot be written and read again in each format that holds it. 1 where the shape could be told.
int fuzz_picture(const uint8_t* data, size_t size);

// Files of tests/goldens/pictures.
std::vector<Input> golden_inputs(const std::vector<std::string>& names);

// A part of an input that can be changed by itself; the target knows how to make a file of them again.
struct Part {
  std::string name;
  Input body;
};
// Changes a part's body, or removes, repeats or moves a part.
void mutate_parts(std::vector<Part>& parts, Random& random);

}  // namespace ink::fuzz
