#include <algorithm>
#include <cstdio>
#include <string>

#include "engine/regions/region_plan.h"

namespace ink {
namespace {

constexpr double kMiB = 1048576.0;

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string mib(double bytes) { return number(bytes / kMiB, 1) + " MiB"; }

}  // namespace

RegionSummary summarize(const RegionPlan& plan) {
  RegionSummary summary;
  int w = 1;
  for (const int input : plan.flow->inputs) w = std::max(w, plan.flow->shape(input).w);
  summary.columns = (w + plan.grid().strips - 1) / plan.grid().strips;
  summary.rows = std::min(plan.grid().rows, plan.flow->shape(plan.flow->inputs[0]).h);
  summary.regions = plan.grid().strips * plan.steps;
  summary.halo_share = plan.halo_flops / plan.flops;
  summary.recomputed_share = plan.recomputed_flops / plan.flops;
  return summary;
}

std::string region_plan_text(const RegionPlan& plan, const Graph& graph) {
  std::string text;
  const auto name_of = [&](int value) {
    const FlowNode* maker = plan.flow->maker(value);
    return maker == nullptr ? graph.input_names[static_cast<size_t>(value)]
                            : graph.nodes[static_cast<size_t>(maker->node)].name;
  };
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const StagePlan& stage = plan.stages[s];
    const double windows = static_cast<double>(stage.strip_bytes) * plan.grid().abreast;
    text += "stage " + std::to_string(s + 1) + ", windows of " + mib(windows) + "\n";
    for (const int source : stage.stage->sources) text += "  reads " + name_of(source) + "\n";
    for (const int n : stage.stage->nodes) {
      const FlowNode& node = plan.flow->nodes[static_cast<size_t>(n)];
      text += "  " + padded(name_of(node.output), 26) + padded(node.op->kernel(), 22) +
              padded(plan.flow->shape(node.output).text(), 18) +
              padded(number(node.flops / 1e6, 1) + " MFLOP", 16) + node.op->note() + "\n";
    }
    for (const Target& target : stage.stage->targets) {
      switch (target.kind) {
        case Target::Kind::reduction: text += "  reduces to " + name_of(target.value) + "\n"; break;
        case Target::Kind::output: text += "  gives " + name_of(target.value) + "\n"; break;
        case Target::Kind::store: {
          const bool spilled = plan.choice.spilled[static_cast<size_t>(target.value)];
          text += (spilled ? "  spills " : "  stores ") + name_of(target.value) + ", " +
                  mib(static_cast<double>(plan.flow->bytes(target.value))) + "\n";
          break;
        }
      }
    }
  }
  const RegionSummary summary = summarize(plan);
  text += "regions: " + std::to_string(summary.regions) + " of " + std::to_string(summary.columns) + " x " +
          std::to_string(summary.rows) + " pixels in " + std::to_string(plan.grid().strips) + " strips, " +
          std::to_string(plan.grid().abreast) + " abreast, on " + std::to_string(plan.threads) + " threads\n";
  text += "work: " + number(plan.flops / 1e9, 2) + " GFLOP, computed again " +
          number(100 * summary.recomputed_share, 1) + " %, halo " + number(100 * summary.halo_share, 1) +
          " %\n";
  text += "memory: " + mib(static_cast<double>(plan.memory_bytes())) +
          ", written to be read by later stages " + mib(plan.stored_bytes) + ", spilled " +
          mib(plan.spilled_bytes) + "\n";
  return text;
}

}  // namespace ink
