#include "engine/prepared_model.h"

#include <algorithm>
#include <atomic>

#include "engine/passes/passes.h"

namespace ink {
namespace {

constexpr size_t kCachedPlans = 64;

std::atomic<int> prepared_models{0};

}  // namespace

Result<std::unique_ptr<PreparedModel>> PreparedModel::prepare(Graph graph, const WeightStore& weights,
                                                              Isa isa) {
  run_passes(graph);
  std::unique_ptr<PreparedModel> model(new PreparedModel(std::move(graph), isa));
  for (const Node& node : model->graph_.nodes) {
    if (node.op->is_view()) {
      model->ops_.push_back(nullptr);
      continue;
    }
    std::vector<Shape> inputs;
    for (const int input : node.inputs) inputs.push_back(model->graph_.shapes[static_cast<size_t>(input)]);
    Result<std::unique_ptr<PreparedOp>> op = node.op->prepare({weights, isa, inputs});
    if (!op.ok()) return Error{op.error().kind, node.name + ": " + op.error().message};
    model->ops_.push_back(std::move(*op));
  }
  prepared_models.fetch_add(1, std::memory_order_relaxed);
  return model;
}

size_t PreparedModel::packed_bytes() const {
  size_t bytes = 0;
  for (const auto& op : ops_) bytes += op == nullptr ? 0 : op->packed_bytes();
  return bytes;
}

Result<std::shared_ptr<const Plan>> PreparedModel::plan(std::span<const Shape> inputs, int threads) const {
  const auto cached = [&]() -> std::shared_ptr<const Plan> {
    const auto found = std::find_if(cache_.begin(), cache_.end(), [&](const CachedPlan& candidate) {
      return candidate.threads == threads &&
             std::equal(inputs.begin(), inputs.end(), candidate.inputs.begin(), candidate.inputs.end());
    });
    return found == cache_.end() ? nullptr : found->plan;
  };
  {
    const std::lock_guard lock(mutex_);
    if (auto plan = cached(); plan != nullptr) return plan;
  }
  INK_TRY(Plan made, make_plan(graph_, ops_, inputs, threads));
  auto plan = std::make_shared<const Plan>(std::move(made));
  const std::lock_guard lock(mutex_);
  // Another thread may have made it in the meantime: everybody gets the same one.
  if (auto others = cached(); others != nullptr) return others;
  cache_.push_front({{inputs.begin(), inputs.end()}, threads, plan});
  if (cache_.size() > kCachedPlans) cache_.pop_back();
  return plan;
}

int prepared_model_count() { return prepared_models.load(std::memory_order_relaxed); }

}  // namespace ink
