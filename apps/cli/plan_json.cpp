#include "apps/cli/plan_json.h"

#include "apps/cli/text.h"

namespace ink::cli {

std::string plan_json(const RegionPlan& plan) {
  const RegionSummary summary = summarize(plan);
  return JsonObject()
      .number("region_columns", int64_t{summary.columns})
      .number("region_rows", int64_t{summary.rows})
      .number("regions", int64_t{summary.regions})
      .number("strips", int64_t{plan.grid().strips})
      .number("strips_abreast", int64_t{plan.grid().abreast})
      .number("stages", static_cast<int64_t>(plan.stages.size()))
      .number("gflop", plan.flops / 1e9)
      .number("recomputed_gflop", plan.recomputed_flops / 1e9)
      .number("halo_gflop", plan.halo_flops / 1e9)
      .number("memory_bytes", static_cast<int64_t>(plan.memory_bytes()))
      .number("stored_bytes", static_cast<int64_t>(plan.stored_bytes))
      .number("spilled_bytes", static_cast<int64_t>(plan.spilled_bytes))
      .number("spill_file_bytes", static_cast<int64_t>(plan.spill_bytes))
      .str();
}

}  // namespace ink::cli
