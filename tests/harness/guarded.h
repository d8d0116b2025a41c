#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ink::test {

// Floats that end (or begin) exactly at an inaccessible page: one element read or written beyond faults.
// The slack on the other side holds a canary that the destructor-time check intact() compares.
class GuardedFloats {
 public:
  enum class Side { guard_after, guard_before };

  GuardedFloats(size_t count, Side side);
  ~GuardedFloats();
  GuardedFloats(const GuardedFloats&) = delete;
  GuardedFloats& operator=(const GuardedFloats&) = delete;

  float* data() { return data_; }
  size_t size() const { return count_; }
  std::span<float> span() { return {data_, count_}; }
  float& operator[](size_t i) { return data_[i]; }
  bool intact() const;

 private:
  unsigned char* map_ = nullptr;
  size_t map_bytes_ = 0;
  unsigned char* body_ = nullptr;
  size_t body_bytes_ = 0;
  float* data_ = nullptr;
  size_t count_ = 0;
};

// Reproducible values in [-1, 1): the same seed gives the same numbers on every machine.
void fill_random(std::span<float> values, uint64_t seed);

}  // namespace ink::test
