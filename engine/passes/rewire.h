#pragma once

#include <vector>

#include "engine/graph.h"

namespace ink {

// How the values of a graph are made and read.
class Wiring {
 public:
  explicit Wiring(const Graph& graph);

  // Index of the node that makes a value, -1 for a graph input.
  int producer(int value) const { return producer_[static_cast<size_t>(value)]; }
  // How many node inputs and graph outputs read it.
  int uses(int value) const { return uses_[static_cast<size_t>(value)]; }

 private:
  std::vector<int> producer_, uses_;
};

// Removes node `index`, which nobody else may read any more, and lets `by` make its output instead.
void absorb_node(Graph& graph, int index, int by);

}  // namespace ink
