#include "engine/graph.h"

#include <algorithm>

namespace ink {
namespace {

// Kernels index rows and columns with 32 bits, some of them times a stride.
constexpr int kMaxSide = 1 << 28;
constexpr double kMaxElements = 0x1p40;

Status check_size(const std::string& name, const Shape& shape) {
  if (!shape.known()) return {};
  // In double: the product of four sizes may exceed 64 bits.
  const double elements = static_cast<double>(shape.n) * shape.h * shape.w * shape.c;
  if (elements < 1 || elements > kMaxElements || std::max(shape.h, shape.w) > kMaxSide) {
    return Error{ErrorKind::limit, name + ": a map of " + shape.text() + " is empty or too large"};
  }
  return {};
}

Result<Shape> infer_node(const Node& node, const std::vector<Shape>& shapes) {
  std::vector<Shape> inputs;
  for (const int id : node.inputs) inputs.push_back(shapes[static_cast<size_t>(id)]);
  Result<Shape> shape = node.op->infer(inputs);
  if (!shape.ok()) return Error{shape.error().kind, node.name + ": " + shape.error().message};
  INK_TRY_STATUS(check_size(node.name, *shape));
  return shape;
}

}  // namespace

Result<std::vector<Shape>> Graph::infer(std::span<const Shape> input_shapes) const {
  if (input_shapes.size() != inputs.size()) {
    return Error{ErrorKind::usage, "expected " + std::to_string(inputs.size()) + " inputs, found " +
                                       std::to_string(input_shapes.size())};
  }
  std::vector<Shape> inferred(static_cast<size_t>(value_count));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& want = inputs[i];
    const Shape& found = input_shapes[i];
    const auto fits = [](int wanted, int size) {
      return size > 0 && (wanted == Shape::kUnknown || wanted == size);
    };
    if (!fits(want.n, found.n) || !fits(want.h, found.h) || !fits(want.w, found.w) ||
        !fits(want.c, found.c)) {
      return Error{ErrorKind::usage,
                   "input " + input_names[i] + ": expected " + want.text() + ", found " + found.text()};
    }
    INK_TRY_STATUS(check_size("input " + input_names[i], found));
    inferred[i] = found;
  }
  for (const Node& node : nodes) {
    INK_TRY(inferred[static_cast<size_t>(node.output)], infer_node(node, inferred));
  }
  return inferred;
}

Value GraphBuilder::input(std::string name, Shape shape, DType dtype) {
  INK_CHECK(graph_.nodes.empty() && (dtype == DType::f32 || dtype == DType::i32));
  graph_.inputs.push_back(shape);
  graph_.input_types.push_back(dtype);
  graph_.input_names.push_back(std::move(name));
  graph_.shapes.push_back(shape);
  return {graph_.value_count++};
}

Value GraphBuilder::add(std::string name, std::unique_ptr<Op> op, std::vector<Value> inputs) {
  Node node{std::move(name), std::move(op), {}, graph_.value_count++};
  for (const Value value : inputs) {
    INK_CHECK(value.id >= 0 && value.id < node.output);
    node.inputs.push_back(value.id);
  }
  graph_.shapes.emplace_back();
  if (status_.ok()) {
    Result<Shape> shape = infer_node(node, graph_.shapes);
    if (shape.ok()) {
      graph_.shapes.back() = *shape;
    } else {
      status_ = shape.error();
    }
  }
  graph_.nodes.push_back(std::move(node));
  return {graph_.nodes.back().output};
}

void GraphBuilder::output(std::string name, Value value) {
  graph_.outputs.push_back(value.id);
  graph_.output_names.push_back(std::move(name));
}

const Shape& GraphBuilder::shape(Value value) const { return graph_.shapes[static_cast<size_t>(value.id)]; }

Result<Graph> GraphBuilder::finish() {
  INK_TRY_STATUS(status_);
  // A kernel writes each output once: none is an input, a view, or another output.
  for (const int output : graph_.outputs) {
    INK_CHECK(output >= static_cast<int>(graph_.inputs.size()));
    INK_CHECK(std::count(graph_.outputs.begin(), graph_.outputs.end(), output) == 1);
  }
  for (const Node& node : graph_.nodes) {
    for (const int output : graph_.outputs) INK_CHECK(node.output != output || !node.op->is_view());
  }
  return std::move(graph_);
}

}  // namespace ink
