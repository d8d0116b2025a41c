#include "engine/regions/stored_options.h"

#include <algorithm>

#include "engine/regions/stage.h"

namespace ink {
namespace {

// Time is counted in multiplications and additions of the plain algorithm. A byte that is written to memory
// costs as much as some of them, with the page that it needs at first; it costs less to read it again.
// Measured on servers: 70 GFLOP/s a core beside 2 to 5 GB/s.
constexpr double kFlopsPerStoredByte = 80, kFlopsPerLoadedByte = 40;
constexpr double kFlopsPerFurtherByte = 100;

// Values fewer floating-point operations than this a byte are computed again rather than looked at.
constexpr double kWorthConsidering = 64;
constexpr size_t kMostCandidates = 12;

bool spatial(const Shape& shape) { return shape.h > 1 || shape.w > 1; }

// Which nodes read each value.
std::vector<std::vector<int>> readers_of(const Flow& flow) {
  std::vector<std::vector<int>> readers(flow.shapes.size());
  for (size_t n = 0; n < flow.nodes.size(); ++n) {
    for (const FlowInput& input : flow.nodes[n].inputs)
      readers[static_cast<size_t>(input.value)].push_back(static_cast<int>(n));
  }
  return readers;
}

// Whether all that comes of a value in its stage goes through another one that is no larger: that one is
// stored instead.
bool superseded(const Flow& flow, const std::vector<std::vector<int>>& readers, int value) {
  const uint64_t bytes = flow.bytes(value);
  const int stage = flow.made_in(value);
  while (readers[static_cast<size_t>(value)].size() == 1) {
    const FlowNode& next = flow.nodes[static_cast<size_t>(readers[static_cast<size_t>(value)][0])];
    if (next.op->reduction() != nullptr || flow.made_in(next.output) != stage) return false;
    value = next.output;
    if (flow.bytes(value) <= bytes) return true;
  }
  return false;
}

// The work of making a value from `stored` ones of earlier or the same stage.
double work_to_make(const Flow& flow, const Stored& stored, int value) {
  std::vector<bool> needed(flow.shapes.size(), false);
  needed[static_cast<size_t>(value)] = true;
  double flops = 0;
  for (auto node = flow.nodes.rbegin(); node != flow.nodes.rend(); ++node) {
    const size_t output = static_cast<size_t>(node->output);
    if (!needed[output] || node->op->reduction() != nullptr) continue;
    if (stored[output] && node->output != value) continue;
    flops += node->flops;
    for (const FlowInput& input : node->inputs) needed[static_cast<size_t>(input.value)] = true;
  }
  return flops;
}

// Without these a cut would only make work.
Stored stored_at_cuts(const Flow& flow) {
  Stored stored(flow.shapes.size(), false);
  for (const int value : flow.cuts) stored[static_cast<size_t>(value)] = true;
  return stored;
}

// The values besides cuts that may be worth storing, best first.
std::vector<int> candidates_of(const Flow& flow) {
  const auto readers = readers_of(flow);
  // Needed by a later stage if nothing is stored.
  std::vector<bool> crossing(flow.shapes.size(), false);
  const std::vector<Stage> stages = cut_into_stages(flow, Stored(flow.shapes.size(), false));
  for (size_t s = 0; s < stages.size(); ++s) {
    for (const int n : stages[s].nodes) {
      const int output = flow.nodes[static_cast<size_t>(n)].output;
      if (flow.made_in(output) < static_cast<int>(s)) crossing[static_cast<size_t>(output)] = true;
    }
  }
  Stored all = stored_at_cuts(flow);
  std::vector<int> values;
  for (const FlowNode& node : flow.nodes) {
    const size_t value = static_cast<size_t>(node.output);
    if (all[value]) continue;
    if (!crossing[value] || !spatial(flow.shapes[value]) || superseded(flow, readers, node.output)) continue;
    all[value] = true;
    values.push_back(node.output);
  }
  const auto worth = [&](int value) {
    return work_to_make(flow, all, value) / static_cast<double>(flow.bytes(value));
  };
  // From the first value on: what is dropped is made again on the way to those behind it.
  std::vector<std::pair<double, int>> kept;
  for (const int value : values) {
    const double flops = worth(value);
    if (flops < kWorthConsidering) {
      all[static_cast<size_t>(value)] = false;
    } else {
      kept.emplace_back(flops, value);
    }
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (kept.size() > kMostCandidates) kept.resize(kMostCandidates);
  std::vector<int> candidates;
  for (const auto& [flops, value] : kept) candidates.push_back(value);
  return candidates;
}

}  // namespace

double StoredOption::storage_cost() const {
  const uint64_t further = held - std::min(held, kUnnoticedBytes);
  return traffic + kFlopsPerFurtherByte * static_cast<double>(further);
}

StoredOption weigh(const Flow& flow, Stored stored) {
  StoredOption option;
  const std::vector<Stage> stages = cut_into_stages(flow, stored);
  std::vector<int> last_read(flow.shapes.size(), -1);
  for (size_t s = 0; s < stages.size(); ++s) {
    for (const int n : stages[s].nodes) option.work += flow.nodes[static_cast<size_t>(n)].flops;
    for (const int source : stages[s].sources) {
      const size_t value = static_cast<size_t>(source);
      if (!stored[value]) continue;
      last_read[value] = static_cast<int>(s);
      option.traffic += kFlopsPerLoadedByte * static_cast<double>(flow.bytes(source));
    }
  }
  for (int s = 0; s + 1 < static_cast<int>(stages.size()); ++s) {
    uint64_t held = 0;
    for (size_t value = 0; value < stored.size(); ++value) {
      const int id = static_cast<int>(value);
      if (stored[value] && flow.made_in(id) <= s && last_read[value] > s) held += flow.bytes(id);
    }
    option.held = std::max(option.held, held);
  }
  for (size_t value = 0; value < stored.size(); ++value) {
    if (last_read[value] < 0) stored[value] = false;
    if (!stored[value]) continue;
    option.values.push_back(static_cast<int>(value));
    option.traffic += kFlopsPerStoredByte * static_cast<double>(flow.bytes(static_cast<int>(value)));
  }
  std::stable_sort(option.values.begin(), option.values.end(),
                   [&](int a, int b) { return flow.bytes(a) > flow.bytes(b); });
  option.stored = std::move(stored);
  return option;
}

std::vector<StoredOption> options_of(const Flow& flow) {
  const std::vector<int> candidates = candidates_of(flow);
  std::vector<StoredOption> options;
  for (uint32_t set = 0; set < uint32_t{1} << candidates.size(); ++set) {
    Stored stored = stored_at_cuts(flow);
    for (size_t i = 0; i < candidates.size(); ++i)
      stored[static_cast<size_t>(candidates[i])] = (set >> i & 1) != 0;
    StoredOption option = weigh(flow, stored);
    // A set with a value that nobody reads is another set.
    if (option.stored == stored) options.push_back(std::move(option));
  }
  std::stable_sort(options.begin(), options.end(),
                   [](const StoredOption& a, const StoredOption& b) { return a.cost() < b.cost(); });
  return options;
}

StoredOption likely_option(const Flow& flow) {
  Stored all = stored_at_cuts(flow);
  const std::vector<int> candidates = candidates_of(flow);
  for (const int value : candidates) all[static_cast<size_t>(value)] = true;
  StoredOption best = weigh(flow, all);
  for (auto value = candidates.rbegin(); value != candidates.rend(); ++value) {
    Stored fewer = best.stored;
    fewer[static_cast<size_t>(*value)] = false;
    StoredOption option = weigh(flow, std::move(fewer));
    if (option.cost() < best.cost()) best = std::move(option);
  }
  return best;
}

}  // namespace ink
