#pragma once

#include <string>

#include "engine/regions/region_plan.h"

namespace ink::cli {

// What --json says of how a network runs.
std::string plan_json(const RegionPlan& plan);

}  // namespace ink::cli
