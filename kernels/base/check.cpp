#include "kernels/base/check.h"

#include <string>

namespace ink {

void check_failed(const char* file, int line, const char* condition) {
  throw InternalError(std::string(file) + ":" + std::to_string(line) + ": check failed: " + condition);
}

}  // namespace ink
