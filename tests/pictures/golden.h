#pragma once

#include <string>
#include <vector>

#include "pictures/picture.h"
#include "tests/pictures/png_builder.h"

namespace ink::test {

// A file of tests/goldens/pictures, read whole; the test fails where it is missing.
Bytes golden_file(const std::string& name);
// Names of the pictures that have a .txt beside them, sorted.
std::vector<std::string> golden_names();

// What another program reads in it: NAME.txt.
struct Golden {
  Picture picture;     // with metadata, in which the orientation is 1
  int tolerance = 0;   // of a sample
  std::string notice;  // a part of the only one; empty where there is none
};
Golden read_golden(const std::string& name);

}  // namespace ink::test
