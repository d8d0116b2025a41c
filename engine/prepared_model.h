#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/plan.h"
#include "engine/regions/region_planner.h"

namespace ink {

// A graph with its weights folded and packed for one instruction set. Prepared once, then shared: plan() and
// the sessions on it may be used from many threads. It does not refer to the WeightStore afterwards.
class PreparedModel {
 public:
  // Packs on `threads` threads. Error: a tensor is missing or has another shape or type than its node needs,
  // by name. With `once`, layers that can read released weights where they are pack them at each run, into
  // memory that the next layer uses again: the first result is there sooner and less memory is taken, and
  // every further one costs more; same bits. Weights that are not finite are then found by the run.
  // `precision` is that of products and convolutions.
  static Result<std::unique_ptr<PreparedModel>> prepare(Graph graph, const WeightStore& weights, Isa isa,
                                                        int threads = 1, bool once = false,
                                                        Precision precision = Precision::f32);

  const Graph& graph() const { return graph_; }
  const PreparedOp& op(int node) const { return *ops_[static_cast<size_t>(node)]; }
  Isa isa() const { return isa_; }
  Precision precision() const { return precision_; }
  size_t packed_bytes() const;

  // The plan for these input shapes, from the cache where it was made before. Error as Graph::infer().
  Result<std::shared_ptr<const Plan>> plan(std::span<const Shape> inputs, int threads) const;
  // The graph for these input shapes as regions need it. Error as Graph::infer().
  Result<std::shared_ptr<const Flow>> flow(std::span<const Shape> inputs) const;
  // How it runs in regions; from a cache, too. Errors as plan_regions() and Graph::infer().
  Result<std::shared_ptr<const RegionPlan>> regions(std::span<const Shape> inputs,
                                                    const RegionRequest& request) const;
  std::string text(const Plan& plan) const { return plan_text(plan, graph_, ops_); }

 private:
  PreparedModel(Graph graph, Isa isa, Precision precision)
      : graph_(std::move(graph)), isa_(isa), precision_(precision) {}

  std::vector<Shape> input_shapes(const Node& node) const;
  // By node: whether it has to do with a kernel that packs no more than it was given.
  std::vector<bool> choose_compact(const WeightStore& weights) const;
  Result<std::unique_ptr<PreparedOp>> prepare_node(const Node& node, const WeightStore& weights, bool compact,
                                                   bool once) const;

  // The latest plans, each by its input shapes and what else it depends on.
  template <class Key, class Made>
  struct Cache {
    struct Entry {
      std::vector<Shape> inputs;
      Key key;
      std::shared_ptr<const Made> made;
    };
    std::mutex mutex;
    std::deque<Entry> entries;  // latest first

    template <class Make>
    Result<std::shared_ptr<const Made>> get(std::span<const Shape> inputs, const Key& key, Make make);
  };

  Graph graph_;
  Isa isa_;
  Precision precision_;
  std::vector<std::unique_ptr<PreparedOp>> ops_;  // by node, nullptr for views
  mutable Cache<int, Plan> plans_;                // by threads
  mutable Cache<RegionRequest, RegionPlan> region_plans_;
};

// Models prepared by this process so far: a test counts that many picture sizes pack the weights once.
int prepared_model_count();

}  // namespace ink
