#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/op.h"

namespace ink {

// A value of a graph: an input or the output of a node.
struct Value {
  int id = -1;
};

struct Node {
  std::string name;
  std::unique_ptr<Op> op;
  std::vector<int> inputs;  // value ids
  int output = -1;          // value id
};

// Nodes in an order in which every value is made before it is read.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Shape> inputs;       // value ids 0 .. inputs.size() - 1; sizes may be unknown
  std::vector<DType> input_types;  // f32, or i32 for ids and segments; all other values are f32
  std::vector<std::string> input_names;
  std::vector<int> outputs;  // value ids
  std::vector<std::string> output_names;
  std::vector<Shape> shapes;  // by value id, as far as they are known without an input size
  int value_count = 0;

  // The shape of every value for these input shapes. Error: "conv1: expected 64 channels, found 32".
  Result<std::vector<Shape>> infer(std::span<const Shape> input_shapes) const;
};

// Builds a graph node by node. Shapes are checked when a node is added; the first error is kept and finish()
// returns it, so that a model reads top to bottom without a check at each line.
class GraphBuilder {
 public:
  Value input(std::string name, Shape shape, DType dtype = DType::f32);
  Value add(std::string name, std::unique_ptr<Op> op, std::vector<Value> inputs);
  void output(std::string name, Value value);
  const Shape& shape(Value value) const;
  const Status& status() const { return status_; }  // the first error so far
  Result<Graph> finish();

 private:
  Graph graph_;
  Status status_;
};

}  // namespace ink
