#include "engine/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kernels/base/aligned_buffer.h"

namespace ink {
namespace {

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

// The bytes that live at the busiest step, and all of them, each block rounded up to whole cache lines.
size_t busiest(const std::vector<Lifetime>& blocks) {
  size_t most = 0;
  for (const Lifetime& now : blocks) {
    size_t live = 0;
    for (const Lifetime& other : blocks) {
      if (other.first <= now.first && now.first <= other.last) live += align_up(other.bytes);
    }
    most = std::max(most, live);
  }
  return most;
}

size_t total(const std::vector<Lifetime>& blocks) {
  size_t sum = 0;
  for (const Lifetime& block : blocks) sum += align_up(block.bytes);
  return sum;
}

void check(const std::vector<Lifetime>& blocks) {
  const MemoryPlan plan = plan_memory(blocks);
  ASSERT_EQ(plan.offsets.size(), blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_EQ(plan.offsets[i] % kAlignment, 0u);
    ASSERT_LE(plan.offsets[i] + blocks[i].bytes, plan.arena_bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool apart = plan.offsets[i] + blocks[i].bytes <= plan.offsets[j] ||
                         plan.offsets[j] + blocks[j].bytes <= plan.offsets[i];
      ASSERT_TRUE(apart || !meet(blocks[i], blocks[j])) << "blocks " << i << " and " << j;
    }
  }
  ASSERT_GE(plan.arena_bytes, busiest(blocks));
  ASSERT_LE(plan.arena_bytes, total(blocks));
}

TEST(MemoryPlan, RandomLifetimesNeverShareBytes) {
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t limit) { return static_cast<int>(random() % limit); };
  for (int round = 0; round < 1000; ++round) {
    const int steps = 1 + below(40);
    std::vector<Lifetime> blocks(static_cast<size_t>(below(60)));
    for (Lifetime& block : blocks) {
      // Few sizes in one round of three, so that blocks fit gaps exactly.
      block.bytes =
          round % 3 == 0 ? static_cast<size_t>(64 * (1 + below(3))) : static_cast<size_t>(1 + below(100000));
      block.first = below(static_cast<uint64_t>(steps));
      block.last = block.first + below(static_cast<uint64_t>(steps - block.first));
    }
    ASSERT_NO_FATAL_FAILURE(check(blocks)) << "round " << round;
  }
}

TEST(MemoryPlan, NothingNeedsNothing) {
  EXPECT_EQ(plan_memory({}).arena_bytes, 0u);
  const Lifetime empty{0, 0, 3};
  EXPECT_EQ(plan_memory({&empty, 1}).arena_bytes, 0u);
}

TEST(MemoryPlan, AChainNeedsItsTwoLargestNeighbours) {
  // Each value lives while it is made and while the next one is made from it.
  const std::vector<Lifetime> chain = {{640, 0, 1}, {1280, 1, 2}, {64, 2, 3}, {1280, 3, 4}, {640, 4, 5}};
  const MemoryPlan plan = plan_memory(chain);
  EXPECT_EQ(plan.arena_bytes, 1920u);
  check(chain);
}

TEST(MemoryPlan, BlocksOfDifferentTimesShareMemory) {
  const std::vector<Lifetime> blocks = {{1000, 0, 0}, {1000, 1, 1}, {1000, 2, 2}};
  EXPECT_EQ(plan_memory(blocks).arena_bytes, 1024u);
}

TEST(MemoryPlan, ABlockGoesIntoTheGapThatFitsItExactly) {
  // The two large ones leave 64 bytes between them when the middle one dies.
  const std::vector<Lifetime> blocks = {{256, 0, 9}, {192, 0, 1}, {128, 0, 9}, {192, 2, 9}};
  const MemoryPlan plan = plan_memory(blocks);
  EXPECT_EQ(plan.arena_bytes, 576u);
  EXPECT_EQ(plan.offsets[1], plan.offsets[3]);
}

}  // namespace
}  // namespace ink
