#pragma once

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace ink::test {

// The most memory that this process has had resident since this was made, without what it had then: that is
// what tests before it left behind.
class PeakMemory {
 public:
  PeakMemory() {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
    before_ = read("VmRSS:");
  }

  uint64_t bytes() const {
    const uint64_t peak = read("VmHWM:");
    return peak > before_ ? peak - before_ : 0;
  }

 private:
  static uint64_t read(std::string_view key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10) * 1024;
    }
    return 0;
  }

  uint64_t before_ = 0;
};

}  // namespace ink::test
