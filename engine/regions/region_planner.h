#pragma once

#include <cstdint>
#include <memory>

#include "engine/regions/region_plan.h"

namespace ink {

// What a run may take, and what is fixed by the caller.
struct RegionRequest {
  int threads = 1;
  uint64_t memory_limit = UINT64_MAX;  // RegionPlan::memory_bytes() stays below
  int region = 0;          // width and height in pixels of the first input; 0: the planner chooses
  bool may_spill = false;  // stored values may go to a file

  bool operator==(const RegionRequest&) const = default;
};

// Chooses which values later stages find stored and which they compute again, and how to cut the maps, for
// the least time within the limit. The result's bits do not depend on the choice. Error: limit, "at least N
// MiB", with the least that any choice needs.
Result<RegionPlan> plan_regions(std::shared_ptr<const Flow> flow, const RegionRequest& request);

// The least memory_limit that plan_regions() accepts; the limit of `request` counts for nothing.
uint64_t least_region_memory(const std::shared_ptr<const Flow>& flow, const RegionRequest& request);

}  // namespace ink
