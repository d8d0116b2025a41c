#include "tests/harness/weights_dir.h"

#include <cstdlib>

namespace ink::test {

std::optional<std::string> weights_dir() {
  const char* dir = std::getenv("INKSTONE_TEST_WEIGHTS");
  if (dir == nullptr || *dir == '\0') return std::nullopt;
  return std::string(dir);
}

std::string golden_path(const std::string& name) { return std::string(INK_GOLDENS_DIR) + "/" + name; }

}  // namespace ink::test
