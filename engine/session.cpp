#include "engine/session.h"

#include <algorithm>
#include <chrono>

#include "kernels/base/parallel.h"

namespace ink {
namespace {

size_t most_inputs(const Graph& graph) {
  size_t most = 0;
  for (const Node& node : graph.nodes) most = std::max(most, node.inputs.size());
  return most;
}

}  // namespace

Session::Session(const PreparedModel& model, std::shared_ptr<const Plan> plan)
    : model_(model),
      plan_(std::move(plan)),
      arena_(plan_->memory_bytes()),
      values_(plan_->shapes.size()),
      step_inputs_(most_inputs(model.graph())) {}

void Session::resolve(std::span<const TensorView> inputs, std::span<const TensorView> outputs) {
  for (size_t value = 0; value < values_.size(); ++value) {
    const Placement& place = plan_->placements[value];
    const Shape& shape = plan_->shapes[value];
    const size_t index = static_cast<size_t>(place.index);
    switch (place.kind) {
      case Placement::Kind::unused: break;
      case Placement::Kind::input:
        INK_CHECK(inputs[index].shape == shape && inputs[index].dtype == model_.graph().input_types[index]);
        values_[value] = inputs[index];
        break;
      case Placement::Kind::output:
        INK_CHECK(outputs[index].shape == shape);
        values_[value] = outputs[index];
        break;
      case Placement::Kind::arena: values_[value] = arena_view(arena_.data() + place.offset, shape); break;
      case Placement::Kind::view: break;
    }
  }
  for (const Node& node : model_.graph().nodes) {
    const size_t output = static_cast<size_t>(node.output);
    if (plan_->placements[output].kind != Placement::Kind::view) continue;
    values_[output] = node.op->view(values_[static_cast<size_t>(node.inputs[0])], plan_->shapes[output]);
  }
}

Status Session::run(std::span<const TensorView> inputs, std::span<const TensorView> outputs,
                    const Progress& progress) {
  INK_CHECK(inputs.size() == model_.graph().inputs.size() && outputs.size() == model_.graph().outputs.size());
  resolve(inputs, outputs);
  Status status;
  with_workers(plan_->threads, [&] { status = run_steps(progress); });
  return status;
}

Status Session::run_steps(const Progress& progress) {
  float* scratch = reinterpret_cast<float*>(arena_.data() + plan_->arena_bytes);
  const double total = plan_->flops();
  double done = 0;
  for (size_t s = 0; s < plan_->steps.size(); ++s) {
    const Step& step = plan_->steps[s];
    const Node& node = model_.graph().nodes[static_cast<size_t>(step.node)];
    for (size_t i = 0; i < node.inputs.size(); ++i)
      step_inputs_[i] = values_[static_cast<size_t>(node.inputs[i])];
    const TensorView& output = values_[static_cast<size_t>(node.output)];
    const RunContext context{{step_inputs_.data(), node.inputs.size()},
                             output,
                             {0, 0, output.shape.h, output.shape.w},
                             scratch,
                             plan_->threads,
                             step.sums_offset == Step::kNoSums ? nullptr : arena_.data() + step.sums_offset};
    if (step_seconds_.empty()) {
      model_.op(step.node).run(context);
    } else {
      const auto begin = std::chrono::steady_clock::now();
      model_.op(step.node).run(context);
      step_seconds_[s] += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    INK_TRY_STATUS(model_.op(step.node).fault());
    done += step.flops;
    if (progress && !progress(total > 0 ? done / total : 1))
      return Error{ErrorKind::interrupted, "interrupted"};
  }
  return {};
}

}  // namespace ink
