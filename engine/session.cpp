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
      case Placement::Kind::arena:
        values_[value] = arena_view(arena_.data() + place.offset, {place.images, shape.h, shape.w, shape.c});
        break;
      case Placement::Kind::view: break;
    }
  }
  for (const Node& node : model_.graph().nodes) {
    const size_t output = static_cast<size_t>(node.output);
    if (plan_->placements[output].kind != Placement::Kind::view) continue;
    const size_t input = static_cast<size_t>(node.inputs[0]);
    Shape shape = plan_->shapes[output];
    if (values_[input].shape.n != plan_->shapes[input].n) shape.n = values_[input].shape.n;
    values_[output] = node.op->view(values_[input], shape);
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

// The images [first, first + count) of a value, which may hold no others.
TensorView Session::images(int value, int first, int count) const {
  TensorView view = values_[static_cast<size_t>(value)];
  if (view.shape.n == plan_->shapes[static_cast<size_t>(value)].n)
    view.data = static_cast<std::byte*>(view.data) +
                first * view.image_stride * static_cast<int64_t>(dtype_size(view.dtype));
  view.shape.n = count;
  return view;
}

Status Session::run_steps(const Progress& progress) {
  const double total = plan_->flops();
  double done = 0;
  for (const Stretch& stretch : plan_->stretches) {
    for (int piece = 0; piece < stretch.pieces; ++piece) {
      const int first = Stretch::begin(plan_->images, stretch.pieces, piece);
      const int count = Stretch::begin(plan_->images, stretch.pieces, piece + 1) - first;
      for (int s = stretch.first; s < stretch.behind; ++s) {
        const Step& step = plan_->steps[static_cast<size_t>(s)];
        const Node& node = model_.graph().nodes[static_cast<size_t>(step.node)];
        const auto part = [&](int value) {
          return stretch.pieces == 1 ? values_[static_cast<size_t>(value)] : images(value, first, count);
        };
        for (size_t i = 0; i < node.inputs.size(); ++i) step_inputs_[i] = part(node.inputs[i]);
        INK_TRY_STATUS(run_step(static_cast<size_t>(s), part(node.output)));
        done += step.flops / stretch.pieces;
        if (progress && !progress(total > 0 ? std::min(done / total, 1.0) : 1))
          return Error{ErrorKind::interrupted, "interrupted"};
      }
    }
  }
  return {};
}

Status Session::run_step(size_t index, const TensorView& output) {
  const Step& step = plan_->steps[index];
  const PreparedOp& op = model_.op(step.node);
  const size_t inputs = model_.graph().nodes[static_cast<size_t>(step.node)].inputs.size();
  const RunContext context{{step_inputs_.data(), inputs},
                           output,
                           {0, 0, output.shape.h, output.shape.w},
                           reinterpret_cast<float*>(arena_.data() + plan_->arena_bytes),
                           plan_->threads,
                           step.sums_offset == Step::kNoSums ? nullptr : arena_.data() + step.sums_offset};
  if (step_seconds_.empty()) {
    op.run(context);
  } else {
    const auto begin = std::chrono::steady_clock::now();
    op.run(context);
    step_seconds_[index] += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return op.fault();
}

}  // namespace ink
