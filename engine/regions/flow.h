#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/graph.h"
#include "engine/op.h"

namespace ink {

// One input of a node, views followed to the value that holds the memory: pixel (y, x) of what the node sees,
// a map of shape `seen`, is pixel (y + dy, x + dx) of the value.
struct FlowInput {
  int value = -1;
  int dy = 0, dx = 0;
  Shape seen;

  Rect in_value(Rect rect) const { return {rect.y0 + dy, rect.x0 + dx, rect.y1 + dy, rect.x1 + dx}; }
  Rect in_seen(Rect rect) const { return {rect.y0 - dy, rect.x0 - dx, rect.y1 - dy, rect.x1 - dx}; }
};

struct FlowNode {
  int node = -1;  // of the graph
  const PreparedOp* op = nullptr;
  std::vector<FlowInput> inputs;
  std::vector<Shape> input_shapes;  // those seen
  int output = -1;                  // value
  double flops = 0;                 // of the whole map
};

// A graph for one set of input shapes, views resolved, cut into stages. The stage of a value is the number of
// reductions and other cuts on the longest way to it: stage s can run once all stages before are finished.
struct Flow {
  std::vector<Shape> shapes;         // by value
  std::vector<FlowNode> nodes;       // in order, without views
  std::vector<int> producer;         // by value: index in `nodes`; -1 for graph inputs and views
  std::vector<int> stage;            // by value; of a reduction's output, the first that may read it
  std::vector<int> inputs, outputs;  // values
  std::vector<int> cuts;             // values behind which stages end, as they do at reductions
  int stages = 1;

  const Shape& shape(int value) const { return shapes[static_cast<size_t>(value)]; }
  const FlowNode* maker(int value) const {
    const int node = producer[static_cast<size_t>(value)];
    return node < 0 ? nullptr : &nodes[static_cast<size_t>(node)];
  }
  bool is_reduction(int value) const {
    return maker(value) != nullptr && maker(value)->op->reduction() != nullptr;
  }
  // The stage in which a value is made.
  int made_in(int value) const { return stage[static_cast<size_t>(value)] - (is_reduction(value) ? 1 : 0); }
  uint64_t bytes(int value) const { return static_cast<uint64_t>(shape(value).elements()) * sizeof(float); }
};

// ops: the prepared op of each node, nullptr for views; they must outlive the flow. Error: as Graph::infer().
Result<Flow> make_flow(const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops,
                       std::span<const Shape> inputs);
// The same flow, where what reads one of `values` waits for the next stage.
Flow cut_behind(const Flow& flow, std::vector<int> values);

}  // namespace ink
