#include "engine/regions/region_planner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/regions/stored_options.h"

namespace ink {
namespace {

// Time is counted as StoredOption does. A byte costs far more on its way through a disk than in memory.
constexpr double kFlopsPerSpilledByte = 1500;
// Where threads share a node they leave the caches of their cores and wait for the slowest of them after
// each: some microseconds on an idle machine, far more on a busy one.
constexpr double kSharedNodePenalty = 1.06, kFlopsPerSharedNode = 1e7;
// Handing out a task, and starting the nodes of a small one.
constexpr double kFlopsPerTask = 4e6;
// Windows and weights of a strip that take more than this are gone from the caches when its next step comes;
// and a byte of weights that comes from farther away, one of a window that moves there.
constexpr size_t kNearBytes = size_t{24} << 20;
constexpr double kFlopsPerFarByte = 40, kFlopsPerMovedByte = 60;
// Of the work: what cuts that a network does not need should spare. They take memory.
constexpr double kLeastGain = 0.02;
constexpr uint64_t kMostForCuts = uint64_t{1} << 30;

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

// What stages pay whose windows and weights do not stay near.
double distance_cost(const RegionPlan& plan) {
  double far_bytes = 0;
  for (const StagePlan& stage : plan.stages) {
    size_t weights = 0;
    for (const int n : stage.stage->nodes)
      weights += plan.flow->nodes[static_cast<size_t>(n)].op->packed_bytes();
    if (stage.strip_bytes + weights <= kNearBytes) continue;
    far_bytes += static_cast<double>(weights) * plan.steps * plan.grid().strips;
  }
  return far_bytes * kFlopsPerFarByte;
}

double cost_of(const RegionPlan& plan) {
  return time_of(plan) + distance_cost(plan) + plan.moved_bytes * kFlopsPerMovedByte +
         weigh(*plan.flow, plan.choice.stored).storage_cost() + plan.spilled_bytes * kFlopsPerSpilledByte;
}

// Behind which values a cut stores little: maps about as small as they get, not larger than one of those they
// are made from, nor much larger than any that is made from them; and what has several readers, which later
// stages find stored in any case.
std::vector<int> places_to_cut(const Flow& flow) {
  std::vector<uint64_t> least_read(flow.shapes.size(), UINT64_MAX);  // the smallest that is made from a value
  std::vector<int> readers(flow.shapes.size(), 0);
  for (const FlowNode& node : flow.nodes) {
    for (const FlowInput& input : node.inputs) {
      const size_t value = static_cast<size_t>(input.value);
      least_read[value] = std::min(least_read[value], flow.bytes(node.output));
      readers[value] += node.op->reduction() == nullptr ? 1 : 0;
    }
  }
  std::vector<int> values;
  for (const FlowNode& node : flow.nodes) {
    const size_t value = static_cast<size_t>(node.output);
    const uint64_t bytes = flow.bytes(node.output), next = least_read[value];
    const bool narrows = std::any_of(node.inputs.begin(), node.inputs.end(), [&](const FlowInput& input) {
      return flow.maker(input.value) != nullptr && flow.bytes(input.value) >= bytes;
    });
    const bool narrow = narrows && next != UINT64_MAX && bytes <= next + next / 4;
    const bool map = flow.shapes[value].h > 1 || flow.shapes[value].w > 1;
    if (map && (narrow || readers[value] > 1)) values.push_back(node.output);
  }
  return values;
}

// A flow cut where its stages are so long that their windows leave the caches and the halos of their strips
// grow, and storing more costs less than that. The flow itself where nothing is gained.
std::shared_ptr<const Flow> cut_where_it_pays(const std::shared_ptr<const Flow>& flow,
                                              const RegionRequest& request) {
  const Grids grids = grids_of(*flow, request);
  RegionGrid grid;
  const auto estimate = [&](const std::shared_ptr<const Flow>& of) {
    Stored stored = likely_option(*of).stored, spilled(stored.size(), false);
    return estimate_regions(of, {grid, std::move(stored), std::move(spilled), false}, request.threads);
  };
  std::optional<RegionPlan> uncut;
  for (size_t g = 0; g < grids.preferred; ++g) {
    grid = grids.all[g];
    RegionPlan plan = estimate(flow);
    if (!uncut || time_of(plan) < time_of(*uncut)) uncut = std::move(plan);
  }
  if (distance_cost(*uncut) == 0) return flow;
  grid = uncut->grid();
  // One cut alone leaves long stages and pays little: from many on, those that do not pay go.
  const auto with = [&](std::vector<int> cuts) {
    return estimate(std::make_shared<const Flow>(cut_behind(*flow, std::move(cuts))));
  };
  std::vector<int> places = places_to_cut(*flow);
  RegionPlan best = with(places);
  std::stable_sort(places.begin(), places.end(),
                   [&](int a, int b) { return flow->bytes(a) > flow->bytes(b); });
  constexpr int kPasses = 2;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const int place : places) {
      std::vector<int> rest = best.flow->cuts;
      if (std::erase(rest, place) == 0) continue;
      RegionPlan plan = with(std::move(rest));
      if (cost_of(plan) <= cost_of(best)) best = std::move(plan);
    }
  }
  const double gain = cost_of(*uncut) - cost_of(best);
  return gain >= kLeastGain * best.flops ? best.flow : flow;
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
    const StoredOption& cheapest = options_.front();
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
        const StoredOption& option = options_[i];
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
      const StoredOption& option = options_[way.option];
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
    std::vector<const StoredOption*> by_size;
    for (const StoredOption& option : options_) by_size.push_back(&option);
    std::stable_sort(by_size.begin(), by_size.end(),
                     [](const StoredOption* a, const StoredOption* b) { return a->held < b->held; });
    std::optional<RegionPlan> least;
    const auto attempt = [&](const StoredOption& option, size_t grid) {
      const size_t spilled = request_.may_spill ? option.values.size() : 0;
      const uint64_t limit = least ? least->memory_bytes() - 1 : UINT64_MAX;
      if (auto plan = lay_out(option, spilled, grids_.all[grid], limit)) least = std::move(plan);
    };
    for (const StoredOption* option : by_size) {
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
  std::optional<RegionPlan> lay_out_quickest(const StoredOption& option, const RegionGrid& grid,
                                             uint64_t limit) const {
    if (grid.strips == 1) {
      RegionChoice whole = choice(option, 0, grid);
      whole.whole = true;
      const uint64_t most = std::min(limit, kUnnoticedBytes);
      if (auto plan = lay_out_regions(flow_, std::move(whole), request_.threads, most)) return plan;
    }
    return lay_out(option, 0, grid, limit);
  }

  std::optional<RegionPlan> lay_out(const StoredOption& option, size_t spilled, const RegionGrid& grid,
                                    uint64_t limit = UINT64_MAX) const {
    return lay_out_regions(flow_, choice(option, spilled, grid), request_.threads, limit);
  }

  static RegionChoice choice(const StoredOption& option, size_t spilled, const RegionGrid& grid) {
    RegionChoice made{grid, option.stored, Stored(option.stored.size(), false), false};
    for (size_t i = 0; i < spilled; ++i) made.spilled[static_cast<size_t>(option.values[i])] = true;
    return made;
  }

  std::shared_ptr<const Flow> flow_;
  const RegionRequest& request_;
  std::vector<StoredOption> options_;  // the cheapest first
  Grids grids_;
};

}  // namespace

Result<RegionPlan> plan_regions(std::shared_ptr<const Flow> flow, const RegionRequest& request) {
  const std::shared_ptr<const Flow> cut = cut_where_it_pays(flow, request);
  const bool further = cut != flow;
  Search search(std::move(flow), request);
  std::optional<RegionPlan> best = search.best(request.memory_limit);
  if (further) {
    std::optional<RegionPlan> other = Search(cut, request).best(request.memory_limit);
    // Beyond what most machines can spare, time gives way to memory.
    const uint64_t most = best ? std::max(kMostForCuts, uint64_t{best->memory_bytes()} * 5 / 4) : 0;
    if (other && (!best || (other->memory_bytes() <= most && cost_of(*other) < cost_of(*best))))
      best = std::move(other);
  }
  if (best) return std::move(*best);
  uint64_t least = search.least().memory_bytes();
  if (further) least = std::min<uint64_t>(least, Search(cut, request).least().memory_bytes());
  return Error{ErrorKind::limit, "at least " + std::to_string((least + (1 << 20) - 1) >> 20) + " MiB"};
}

uint64_t least_region_memory(const std::shared_ptr<const Flow>& flow, const RegionRequest& request) {
  const uint64_t least = Search(flow, request).least().memory_bytes();
  const std::shared_ptr<const Flow> cut = cut_where_it_pays(flow, request);
  return cut == flow ? least : std::min<uint64_t>(least, Search(cut, request).least().memory_bytes());
}

}  // namespace ink
