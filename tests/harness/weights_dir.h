#pragma once

#include <optional>
#include <string>

namespace ink::test {

// The folder of converted released networks that the test script sets up (INKSTONE_TEST_WEIGHTS), if any.
std::optional<std::string> weights_dir();

// Path of a file under tests/goldens.
std::string golden_path(const std::string& name);

}  // namespace ink::test
