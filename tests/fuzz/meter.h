#pragma once

#include <cstddef>
#include <cstdint>

namespace ink::fuzz {

// What one parse took: time of this process on a CPU, which other programs do not lengthen, and the most
// memory that was allocated at once. Memory is counted where a sanitizer has taken malloc over; else it is 0.
struct Cost {
  double seconds = 0;
  uint64_t bytes = 0;
};

class Meter {
 public:
  Meter();
  Cost cost() const;

 private:
  double start_ = 0;
};

// True if no parser may take as much for an input of this size.
bool is_excessive(const Cost& cost, size_t input);

}  // namespace ink::fuzz
