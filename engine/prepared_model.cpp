#include "engine/prepared_model.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <numeric>

#include "engine/passes/passes.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

constexpr size_t kCachedPlans = 64;

std::atomic<int> prepared_models{0};

}  // namespace

std::vector<Shape> PreparedModel::input_shapes(const Node& node) const {
  std::vector<Shape> inputs;
  for (const int input : node.inputs) inputs.push_back(graph_.shapes[static_cast<size_t>(input)]);
  return inputs;
}

// The kernels that spare the most for each byte, until a third of the weights' size is spent, or as much as
// such networks take anyhow. A network of unknown input size has no such nodes: its maps may be large.
std::vector<bool> PreparedModel::choose_compact(const WeightStore& weights) const {
  constexpr double kAlways = 160e6, kShare = 0.3;
  double left = 0;
  for (const StoredTensor& tensor : weights.tensors()) left += static_cast<double>(tensor.bytes.size());
  left = std::max(kAlways, left * kShare);
  struct Candidate {
    size_t node;
    Swelling swelling;
  };
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (graph_.nodes[i].op->is_view()) continue;
    const Swelling swelling = graph_.nodes[i].op->swelling(input_shapes(graph_.nodes[i]));
    if (swelling.bytes > 0) candidates.push_back({i, swelling});
  }
  std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.swelling.spared * b.swelling.bytes > b.swelling.spared * a.swelling.bytes;
  });
  std::vector<bool> compact(graph_.nodes.size(), false);
  for (const Candidate& candidate : candidates) {
    left -= candidate.swelling.bytes;
    compact[candidate.node] = left < 0;
  }
  return compact;
}

Result<std::unique_ptr<PreparedOp>> PreparedModel::prepare_node(const Node& node, const WeightStore& weights,
                                                                bool compact, bool once) const {
  if (node.op->is_view()) return std::unique_ptr<PreparedOp>();
  Result<std::unique_ptr<PreparedOp>> op =
      node.op->prepare({weights, isa_, input_shapes(node), compact, once, precision_});
  if (!op.ok()) return Error{op.error().kind, node.name + ": " + op.error().message};
  return op;
}

Result<std::unique_ptr<PreparedModel>> PreparedModel::prepare(Graph graph, const WeightStore& weights,
                                                              Isa isa, int threads, bool once,
                                                              Precision precision) {
  run_passes(graph);
  std::unique_ptr<PreparedModel> model(new PreparedModel(std::move(graph), isa, precision));
  const std::vector<Node>& nodes = model->graph_.nodes;
  struct Outcome {
    Status status;
    std::exception_ptr thrown;
  };
  std::vector<Outcome> outcomes(nodes.size());
  model->ops_.resize(nodes.size());
  const std::vector<bool> compact = model->choose_compact(weights);
  // The largest first: its released weights are then held beside little else, and no thread ends with it.
  std::vector<size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(
      order, [&](size_t a, size_t b) { return nodes[a].op->weight_count() > nodes[b].op->weight_count(); });
  parallel_for(static_cast<int64_t>(nodes.size()), threads, [&](int64_t task, int) {
    const size_t node = order[static_cast<size_t>(task)];
    try {
      Result<std::unique_ptr<PreparedOp>> op = model->prepare_node(nodes[node], weights, compact[node], once);
      if (op.ok()) {
        model->ops_[node] = std::move(*op);
      } else {
        outcomes[node].status = op.error();
      }
    } catch (...) {
      outcomes[node].thrown = std::current_exception();
    }
  });
  for (const Outcome& outcome : outcomes) {
    if (outcome.thrown != nullptr) std::rethrow_exception(outcome.thrown);
    INK_TRY_STATUS(outcome.status);
  }
  prepared_models.fetch_add(1, std::memory_order_relaxed);
  return model;
}

size_t PreparedModel::packed_bytes() const {
  size_t bytes = 0;
  for (const auto& op : ops_) bytes += op == nullptr ? 0 : op->packed_bytes();
  return bytes;
}

template <class Key, class Made>
template <class Make>
Result<std::shared_ptr<const Made>> PreparedModel::Cache<Key, Made>::get(std::span<const Shape> inputs,
                                                                         const Key& key, Make make) {
  const auto cached = [&]() -> std::shared_ptr<const Made> {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.key == key &&
             std::equal(inputs.begin(), inputs.end(), entry.inputs.begin(), entry.inputs.end());
    });
    return found == entries.end() ? nullptr : found->made;
  };
  {
    const std::lock_guard lock(mutex);
    if (auto made = cached(); made != nullptr) return made;
  }
  INK_TRY(Made plan, make());
  auto made = std::make_shared<const Made>(std::move(plan));
  const std::lock_guard lock(mutex);
  // Another thread may have made it in the meantime: everybody gets the same one.
  if (auto others = cached(); others != nullptr) return others;
  entries.push_front({{inputs.begin(), inputs.end()}, key, made});
  if (entries.size() > kCachedPlans) entries.pop_back();
  return made;
}

Result<std::shared_ptr<const Plan>> PreparedModel::plan(std::span<const Shape> inputs, int threads) const {
  return plans_.get(inputs, threads, [&] { return make_plan(graph_, ops_, inputs, threads); });
}

Result<std::shared_ptr<const Flow>> PreparedModel::flow(std::span<const Shape> inputs) const {
  INK_TRY(Flow made, make_flow(graph_, ops_, inputs));
  return std::make_shared<const Flow>(std::move(made));
}

Result<std::shared_ptr<const RegionPlan>> PreparedModel::regions(std::span<const Shape> inputs,
                                                                 const RegionRequest& request) const {
  return region_plans_.get(inputs, request, [&]() -> Result<RegionPlan> {
    INK_TRY(std::shared_ptr<const Flow> made, flow(inputs));
    return plan_regions(std::move(made), request);
  });
}

int prepared_model_count() { return prepared_models.load(std::memory_order_relaxed); }

}  // namespace ink
