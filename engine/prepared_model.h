#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/plan.h"

namespace ink {

// A graph with its weights folded and packed for one instruction set. Prepared once, then shared: plan() and
// the sessions on it may be used from many threads. It does not refer to the WeightStore afterwards.
class PreparedModel {
 public:
  // Error: a tensor is missing or has another shape or type than its node needs, by name.
  static Result<std::unique_ptr<PreparedModel>> prepare(Graph graph, const WeightStore& weights, Isa isa);

  const Graph& graph() const { return graph_; }
  const PreparedOp& op(int node) const { return *ops_[static_cast<size_t>(node)]; }
  Isa isa() const { return isa_; }
  size_t packed_bytes() const;

  // The plan for these input shapes, from the cache where it was made before. Error as Graph::infer().
  Result<std::shared_ptr<const Plan>> plan(std::span<const Shape> inputs, int threads) const;
  std::string text(const Plan& plan) const { return plan_text(plan, graph_, ops_); }

 private:
  PreparedModel(Graph graph, Isa isa) : graph_(std::move(graph)), isa_(isa) {}

  struct CachedPlan {
    std::vector<Shape> inputs;
    int threads;
    std::shared_ptr<const Plan> plan;
  };

  Graph graph_;
  Isa isa_;
  std::vector<std::unique_ptr<PreparedOp>> ops_;  // by node, nullptr for views
  mutable std::mutex mutex_;
  mutable std::deque<CachedPlan> cache_;  // latest first
};

// Models prepared by this process so far: a test counts that many picture sizes pack the weights once.
int prepared_model_count();

}  // namespace ink
