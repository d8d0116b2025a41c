#include "apps/cli/layer_times.h"

#include <algorithm>
#include <cstdio>

#include "apps/cli/text.h"
#include "kernels/base/aligned_buffer.h"

namespace ink::cli {
namespace {

double total_seconds(std::span<const LayerTime> layers) {
  double total = 0;
  for (const LayerTime& layer : layers) total += layer.seconds;
  return total;
}

// A clock may see no time pass in a node that moves a few numbers.
double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

Status StepMeasurement::add(std::span<const TensorView> inputs, int rounds) {
  std::vector<Shape> shapes;
  for (const TensorView& input : inputs) shapes.push_back(input.shape);
  INK_TRY(const std::shared_ptr<const Plan> plan, network_.plan(shapes, threads_));
  const Graph& graph = network_.graph();
  std::vector<AlignedBuffer<float>> results;
  std::vector<TensorView> outputs;
  for (const int output : graph.outputs) {
    const Shape& shape = plan->shapes[static_cast<size_t>(output)];
    results.emplace_back(static_cast<size_t>(shape.elements()));
    outputs.push_back(TensorView::dense(results.back().data(), DType::f32, shape));
  }
  Session session(network_, plan);
  INK_TRY_STATUS(session.run(inputs, outputs));
  session.measure_steps();
  for (int round = 0; round < rounds; ++round) INK_TRY_STATUS(session.run(inputs, outputs));

  layers_.resize(plan->steps.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Node& node = graph.nodes[static_cast<size_t>(plan->steps[i].node)];
    const PreparedOp& op = network_.op(plan->steps[i].node);
    std::vector<Shape> read;
    for (const int input : node.inputs) read.push_back(plan->shapes[static_cast<size_t>(input)]);
    LayerTime& layer = layers_[i];
    layer.node = node.name;
    layer.kernel = op.kernel();
    layer.seconds += session.step_seconds()[i] / rounds;
    layer.flops += plan->steps[i].flops;
    layer.bytes += op.bytes(read, plan->shapes[static_cast<size_t>(node.output)]);
  }
  return {};
}

std::vector<LayerTime> layer_times(const RegionSession& session, const Graph& graph, int rounds) {
  const RegionPlan& plan = session.plan();
  const double shared = static_cast<double>(rounds) * plan.workers();
  std::vector<LayerTime> layers;
  for (int stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
    for (const int n : plan.stages[static_cast<size_t>(stage)].stage->nodes) {
      const FlowNode& node = plan.flow->nodes[static_cast<size_t>(n)];
      layers.push_back({graph.nodes[static_cast<size_t>(node.node)].name, node.op->kernel(), stage,
                        session.node_seconds(stage, n) / shared, session.node_flops(stage, n),
                        session.node_bytes(stage, n)});
    }
  }
  return layers;
}

std::string layers_table(std::span<const LayerTime> layers, double peak) {
  const bool staged = !layers.empty() && layers[0].stage >= 0;
  const double total = total_seconds(layers);
  size_t width = 4;
  for (const LayerTime& layer : layers) width = std::max(width, layer.node.size());
  const auto padded = [&](std::string name) {
    name.resize(width, ' ');
    return name;
  };
  std::string table =
      concat(staged ? "stage  " : "", padded("node"),
             "  kernel                        ms  % of time   GFLOP/s  % of peak        MB\n");
  for (const LayerTime& layer : layers) {
    const double gflops = ratio(layer.flops / 1e9, layer.seconds);
    char stage[16] = "", line[160];
    if (staged) std::snprintf(stage, sizeof stage, "%5d  ", layer.stage + 1);
    std::snprintf(line, sizeof line, "  %-22s  %8.3f  %9.1f  %8.1f  %9.1f  %8.2f\n", layer.kernel,
                  layer.seconds * 1e3, 100 * ratio(layer.seconds, total), gflops, 100 * ratio(gflops, peak),
                  layer.bytes / 1e6);
    table += concat(stage, padded(layer.node), line);
  }
  return concat(table, "all layers ", decimals(total * 1e3, 3), " ms; peak ", decimals(peak, 1),
                " GFLOP/s; work is that of direct convolution, so Winograd's exceeds it; MB are those of "
                "inputs, weights and output, each once\n");
}

std::string layers_json(std::span<const LayerTime> layers, double peak) {
  const double total = total_seconds(layers);
  std::vector<std::string> items;
  for (const LayerTime& layer : layers) {
    const double gflops = ratio(layer.flops / 1e9, layer.seconds);
    JsonObject item;
    if (layer.stage >= 0) item.number("stage", int64_t{layer.stage} + 1);
    item.text("node", layer.node)
        .text("kernel", layer.kernel)
        .raw("ms", decimals(layer.seconds * 1e3, 6))
        .number("percent_of_time", 100 * ratio(layer.seconds, total))
        .number("gflops", gflops)
        .number("percent_of_peak", 100 * ratio(gflops, peak))
        .number("bytes", static_cast<int64_t>(layer.bytes));
    items.push_back(item.str());
  }
  return json_array(items);
}

}  // namespace ink::cli
