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
    std::ofstream reset("/proc/self/clear_refs");
    reset << "5" << std::flush;
    before_ = read("VmRSS:");
    counts_ = reset.good() && before_ > 0;
  }

  // Whether this system tells.
  bool counts() const { return counts_; }

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
  bool counts_ = false;
};

}  // namespace ink::test
