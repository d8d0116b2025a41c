#include "engine/regions/flow.h"

#include <algorithm>

namespace ink {

Result<Flow> make_flow(const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops,
                       std::span<const Shape> inputs) {
  Flow flow;
  INK_TRY(flow.shapes, graph.infer(inputs));
  const size_t values = flow.shapes.size();
  flow.producer.assign(values, -1);
  flow.stage.assign(values, 0);
  for (size_t i = 0; i < graph.inputs.size(); ++i) flow.inputs.push_back(static_cast<int>(i));
  flow.outputs = graph.outputs;

  std::vector<FlowInput> memory(
      values);  // where a value's pixels lie: its own memory, or what a view looks at
  for (size_t value = 0; value < values; ++value)
    memory[value] = {static_cast<int>(value), 0, 0, flow.shapes[value]};
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const size_t output = static_cast<size_t>(node.output);
    int stage = 0;
    for (const int input : node.inputs) stage = std::max(stage, flow.stage[static_cast<size_t>(input)]);
    if (ops[i] == nullptr) {
      const Rect origin = node.op->view_origin();
      const FlowInput& source = memory[static_cast<size_t>(node.inputs[0])];
      memory[output] = {source.value, source.dy + origin.y0, source.dx + origin.x0, flow.shapes[output]};
      flow.stage[output] = stage;
      continue;
    }
    FlowNode made{static_cast<int>(i), ops[i].get(), {}, {}, node.output, 0};
    for (const int input : node.inputs) {
      made.inputs.push_back(memory[static_cast<size_t>(input)]);
      made.input_shapes.push_back(flow.shapes[static_cast<size_t>(input)]);
    }
    made.flops = made.op->flops(made.input_shapes, flow.shapes[output]);
    flow.stage[output] = stage + (made.op->reduction() == nullptr ? 0 : 1);
    flow.producer[output] = static_cast<int>(flow.nodes.size());
    flow.nodes.push_back(std::move(made));
    flow.stages = std::max(flow.stages, flow.made_in(node.output) + 1);
  }
  return flow;
}

Flow cut_behind(const Flow& flow, std::vector<int> values) {
  Flow cut = flow;
  cut.stages = 1;
  for (const FlowNode& node : flow.nodes) {
    const size_t output = static_cast<size_t>(node.output);
    const bool reduces = node.op->reduction() != nullptr;
    int stage = 0;
    for (const FlowInput& input : node.inputs) {
      const bool behind = std::find(values.begin(), values.end(), input.value) != values.end();
      stage = std::max(stage, cut.stage[static_cast<size_t>(input.value)] + (behind ? 1 : 0));
    }
    cut.stage[output] = stage + (reduces ? 1 : 0);
    cut.stages = std::max(cut.stages, cut.made_in(node.output) + 1);
  }
  cut.cuts = std::move(values);
  return cut;
}

}  // namespace ink
