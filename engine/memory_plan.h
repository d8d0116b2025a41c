#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ink {

// A block of memory that is needed from step `first` to step `last`, both included.
struct Lifetime {
  size_t bytes = 0;
  int first = 0, last = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one a lifetime, 64-byte aligned
  size_t arena_bytes = 0;
};

// Places the blocks in one arena so that no two that live at the same time overlap: largest first, each at
// the lowest gap that fits it.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes);

}  // namespace ink
