#include "engine/regions/region_planner.h"

#include <algorithm>
#include <optional>

namespace ink {
namespace {

using Stored = std::vector<bool>;  // by value

// Time is counted in multiplications and additions of the plain algorithm. A byte that is written to memory
// costs as much as some of them, with the page that it needs at first; it costs less to read it again, and
// far more to send it through a disk. Measured on servers: 70 GFLOP/s a core beside 2 to 5 GB/s.
constexpr double kFlopsPerStoredByte = 80, kFlopsPerLoadedByte = 40, kFlopsPerSpilledByte = 1500;
// What is stored at a time should not be what fills a computer's memory: beyond some of it, time gives way.
constexpr uint64_t kUnnoticedBytes = uint64_t{384} << 20;
constexpr double kFlopsPerFurtherByte = 100;
// Where threads share a node they leave the caches of their cores and wait for the slowest of them after
// each: some microseconds on an idle machine, far more on a busy one.
constexpr double kSharedNodePenalty = 1.06, kFlopsPerSharedNode = 1e7;
// Handing out a task, and starting the nodes of a small one.
constexpr double kFlopsPerTask = 4e6;

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

// The values that may be worth storing, best first.
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
  Stored all(flow.shapes.size(), false);
  std::vector<int> values;
  for (const FlowNode& node : flow.nodes) {
    const size_t value = static_cast<size_t>(node.output);
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

// One way to choose what is stored.
struct Option {
  Stored stored;
  double work = 0, traffic = 0;  // without halos
  uint64_t held = 0;             // the most that is stored between two stages
  std::vector<int> values;       // those stored, largest first

  double cost() const {
    const uint64_t further = held - std::min(held, kUnnoticedBytes);
    return work + traffic + kFlopsPerFurtherByte * static_cast<double>(further);
  }
};

Option weigh(const Flow& flow, Stored stored) {
  Option option;
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

std::vector<Option> options_of(const Flow& flow) {
  const std::vector<int> candidates = candidates_of(flow);
  std::vector<Option> options;
  for (uint32_t set = 0; set < uint32_t{1} << candidates.size(); ++set) {
    Stored stored(flow.shapes.size(), false);
    for (size_t i = 0; i < candidates.size(); ++i)
      stored[static_cast<size_t>(candidates[i])] = (set >> i & 1) != 0;
    Option option = weigh(flow, stored);
    // A set with a value that nobody reads is another set.
    if (option.stored == stored) options.push_back(std::move(option));
  }
  std::stable_sort(options.begin(), options.end(),
                   [](const Option& a, const Option& b) { return a.cost() < b.cost(); });
  return options;
}

int widest(const Flow& flow) {
  int w = 1;
  for (const int input : flow.inputs) w = std::max(w, flow.shape(input).w);
  return w;
}

// The grids that suit where memory is no matter, and after `preferred` of them those that take less of it,
// the smallest last.
struct Grids {
  std::vector<RegionGrid> all;
  size_t preferred = 0;
};

Grids grids_of(const Flow& flow, const RegionRequest& request) {
  const int w = widest(flow), threads = request.threads;
  Grids grids;
  const auto add = [&](std::initializer_list<int> rows, int strips, int abreast, bool share_nodes) {
    for (const int r : rows) grids.all.push_back({r, strips, abreast, share_nodes});
  };
  const auto fewer_abreast = [&](std::initializer_list<int> rows, int count) {
    add(rows, count, count, false);
    for (int abreast = 2 * threads; abreast > 1; abreast /= 2) {
      if (abreast < count) add(rows, count, abreast, false);
    }
    if (count > 1 || threads > 1) add(rows, count, 1, threads > 1);
    if (count > 1 && threads > 1) add(rows, count, 1, false);
  };
  if (request.region > 0) {
    fewer_abreast({request.region}, (w + request.region - 1) / request.region);
    grids.preferred = 1;
    return grids;
  }
  // Strips of this width stay in the second-level cache and spend little on their halos. One thread, which
  // needs none to share out, gains by longer rows and by no halo at all.
  constexpr int kBestWidth = 160, kWidthAlone = 320, kLeastWidth = 32;
  const auto strips_of = [&](int width) { return std::max(1, (w + width / 2) / width); };
  const int many = strips_of(kBestWidth);
  const int strips = many >= threads ? many : std::min(threads, std::max(1, w / (2 * kLeastWidth)));
  const int best = threads == 1 ? strips_of(kWidthAlone) : strips;
  add({16}, best, best, false);
  if (threads > 1 && strips < 2 * threads) add({96, 64, 32}, 1, 1, true);
  grids.preferred = grids.all.size();
  // Where little is stored, stages are long and their halos wide: then fewer strips may do better.
  for (const int sixths : {6, 4, 3, 2, 1}) {
    if (const int count = strips * sixths / 6; count > 1) fewer_abreast({16, 8, 4}, count);
  }
  fewer_abreast({16, 8, 4}, 1);
  for (int count = 2 * strips; w / count >= kLeastWidth; count *= 2) {
    for (int abreast = threads; abreast > 0; abreast /= 2) add({8, 4}, count, abreast, false);
  }
  return grids;
}

// Of a plan, what is not traffic, as if on all threads.
double time_of(const RegionPlan& plan) {
  double work = plan.waited_flops * plan.threads / (plan.workers() * plan.node_threads());
  const int tasks = plan.steps * plan.grid().strips;
  if (plan.node_threads() > 1) {
    work *= kSharedNodePenalty;
    for (const StagePlan& stage : plan.stages)
      work += kFlopsPerSharedNode * tasks * static_cast<double>(stage.stage->nodes.size());
  }
  return work + kFlopsPerTask * tasks * static_cast<double>(plan.stages.size());
}

class Search {
 public:
  Search(std::shared_ptr<const Flow> flow, const RegionRequest& request)
      : flow_(std::move(flow)),
        request_(request),
        options_(options_of(*flow_)),
        grids_(grids_of(*flow_, request)) {}

  // The cheapest that fits, or one of the cheapest: how a grid adds to work and memory is tried with one
  // option and taken to be alike for the others.
  std::optional<RegionPlan> best(uint64_t limit) {
    const Option& cheapest = options_.front();
    std::optional<RegionPlan> best;
    for (size_t g = 0; g < grids_.preferred; ++g) {
      std::optional<RegionPlan> plan = lay_out_quickest(cheapest, grids_.all[g], limit);
      if (plan && (!best || time_of(*plan) < time_of(*best))) best = std::move(plan);
    }
    if (best) return best;
    // What least() says is what callers are told: nothing smaller counts, should the search come upon it.
    RegionPlan smallest = least();
    if (smallest.memory_bytes() > limit) return std::nullopt;

    struct Way {
      double cost;
      uint64_t memory;
      size_t option, spilled, grid;
    };
    std::vector<Way> ways;
    for (size_t g = 0; g < grids_.all.size(); ++g) {
      const RegionPlan tried = estimate_regions(flow_, choice(cheapest, 0, grids_.all[g]), request_.threads);
      const double slowdown = time_of(tried) / cheapest.work;
      const uint64_t windows = tried.memory_bytes();
      for (size_t i = 0; i < options_.size(); ++i) {
        const Option& option = options_[i];
        double cost = option.work * slowdown + option.traffic;
        uint64_t held = option.held;
        for (size_t spilled = 0; spilled <= (request_.may_spill ? option.values.size() : 0); ++spilled) {
          if (spilled > 0) {
            const uint64_t bytes = flow_->bytes(option.values[spilled - 1]);
            cost += static_cast<double>(bytes) * kFlopsPerSpilledByte;
            held -= std::min(held, bytes);
          }
          // What is stored is not all there while the largest windows are; windows differ from option to
          // option.
          ways.push_back({cost, std::max(held, windows / 2), i, spilled, g});
        }
      }
    }
    std::stable_sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) { return a.cost < b.cost; });
    constexpr int kMostTrials = 500;
    int trials = 0;
    double best_cost = 0;
    for (const Way& way : ways) {
      if (trials == kMostTrials || (best && way.cost >= best_cost)) break;
      if (way.memory > limit) continue;
      const Option& option = options_[way.option];
      std::optional<RegionPlan> plan = lay_out(option, way.spilled, grids_.all[way.grid], limit);
      ++trials;
      if (!plan) continue;
      // Longer stages have wider halos than the option that the estimate comes from.
      const double cost = time_of(*plan) + option.traffic + plan->spilled_bytes * kFlopsPerSpilledByte;
      if (best && cost >= best_cost) continue;
      best = std::move(plan);
      best_cost = cost;
    }
    return best ? std::move(best) : std::move(smallest);
  }

  RegionPlan least() {
    std::vector<const Option*> by_size;
    for (const Option& option : options_) by_size.push_back(&option);
    std::stable_sort(by_size.begin(), by_size.end(),
                     [](const Option* a, const Option* b) { return a->held < b->held; });
    std::optional<RegionPlan> least;
    const auto attempt = [&](const Option& option, size_t grid) {
      const size_t spilled = request_.may_spill ? option.values.size() : 0;
      const uint64_t limit = least ? least->memory_bytes() - 1 : UINT64_MAX;
      if (auto plan = lay_out(option, spilled, grids_.all[grid], limit)) least = std::move(plan);
    };
    for (const Option* option : by_size) {
      if (least && !request_.may_spill && option->held >= least->memory_bytes()) break;
      attempt(*option, grids_.all.size() - 1);  // the finest
    }
    // Small maps do not gain by a fine grid.
    for (size_t g = 0; g < grids_.all.size(); ++g) {
      attempt(*by_size.front(), g);
      if (g < grids_.preferred) attempt(options_.front(), g);
    }
    return std::move(*least);
  }

 private:
  // Stored values in one piece where that takes no memory that anybody notices.
  std::optional<RegionPlan> lay_out_quickest(const Option& option, const RegionGrid& grid,
                                             uint64_t limit) const {
    if (grid.strips == 1) {
      RegionChoice whole = choice(option, 0, grid);
      whole.whole = true;
      const uint64_t most = std::min(limit, kUnnoticedBytes);
      if (auto plan = lay_out_regions(flow_, std::move(whole), request_.threads, most)) return plan;
    }
    return lay_out(option, 0, grid, limit);
  }

  std::optional<RegionPlan> lay_out(const Option& option, size_t spilled, const RegionGrid& grid,
                                    uint64_t limit = UINT64_MAX) const {
    return lay_out_regions(flow_, choice(option, spilled, grid), request_.threads, limit);
  }

  static RegionChoice choice(const Option& option, size_t spilled, const RegionGrid& grid) {
    RegionChoice made{grid, option.stored, Stored(option.stored.size(), false), false};
    for (size_t i = 0; i < spilled; ++i) made.spilled[static_cast<size_t>(option.values[i])] = true;
    return made;
  }

  std::shared_ptr<const Flow> flow_;
  const RegionRequest& request_;
  std::vector<Option> options_;  // the cheapest first
  Grids grids_;
};

}  // namespace

Result<RegionPlan> plan_regions(std::shared_ptr<const Flow> flow, const RegionRequest& request) {
  Search search(std::move(flow), request);
  if (std::optional<RegionPlan> best = search.best(request.memory_limit)) return std::move(*best);
  const uint64_t least = search.least().memory_bytes();
  return Error{ErrorKind::limit, "at least " + std::to_string((least + (1 << 20) - 1) >> 20) + " MiB"};
}

uint64_t least_region_memory(const std::shared_ptr<const Flow>& flow, const RegionRequest& request) {
  return Search(flow, request).least().memory_bytes();
}

}  // namespace ink
