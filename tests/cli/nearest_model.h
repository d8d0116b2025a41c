#pragma once

#include <string>

#include "tests/cli/command.h"

namespace ink::test {

// A 2x network whose weights copy: every pixel comes out as 2 x 2 equal ones. What the command makes of a
// picture can so be told from the picture.
void write_nearest_model(const Workplace& work, const std::string& name);

}  // namespace ink::test
