#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "kernels/base/aligned_buffer.h"

namespace ink {

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes) {
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  MemoryPlan plan;
  plan.offsets.resize(lifetimes.size());
  std::vector<size_t> placed;  // by rising offset
  for (const size_t i : order) {
    const Lifetime& block = lifetimes[i];
    size_t offset = 0;
    for (const size_t j : placed) {
      const Lifetime& other = lifetimes[j];
      if (other.last < block.first || block.last < other.first) continue;
      if (offset + block.bytes <= plan.offsets[j]) break;
      offset = std::max(offset, align_up(plan.offsets[j] + other.bytes));
    }
    plan.offsets[i] = offset;
    const auto place = std::upper_bound(placed.begin(), placed.end(), offset,
                                        [&](size_t at, size_t j) { return at < plan.offsets[j]; });
    placed.insert(place, i);
    plan.arena_bytes = std::max(plan.arena_bytes, align_up(offset + block.bytes));
  }
  return plan;
}

}  // namespace ink
