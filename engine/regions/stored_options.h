#pragma once

#include <cstdint>
#include <vector>

#include "engine/regions/flow.h"

namespace ink {

using Stored = std::vector<bool>;  // by value

// What is stored at a time should not be what fills a computer's memory: beyond some of it, time gives way.
inline constexpr uint64_t kUnnoticedBytes = uint64_t{384} << 20;

// One way to choose which values later stages find stored. Costs are in multiplications and additions of the
// plain algorithm.
struct StoredOption {
  Stored stored;
  double work = 0, traffic = 0;  // without halos
  uint64_t held = 0;             // the most that is stored between two stages
  std::vector<int> values;       // those stored, largest first

  double storage_cost() const;  // of traffic and memory
  double cost() const { return work + storage_cost(); }
};

StoredOption weigh(const Flow& flow, Stored stored);
// All that may be worth it, the cheapest first.
std::vector<StoredOption> options_of(const Flow& flow);
// The cheapest, or nearly: found without a look at all of them.
StoredOption likely_option(const Flow& flow);

}  // namespace ink
