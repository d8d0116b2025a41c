#include "engine/passes/rewire.h"

namespace ink {

Wiring::Wiring(const Graph& graph)
    : producer_(static_cast<size_t>(graph.value_count), -1),
      uses_(static_cast<size_t>(graph.value_count), 0) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    producer_[static_cast<size_t>(graph.nodes[i].output)] = static_cast<int>(i);
    for (const int input : graph.nodes[i].inputs) ++uses_[static_cast<size_t>(input)];
  }
  for (const int output : graph.outputs) ++uses_[static_cast<size_t>(output)];
}

void absorb_node(Graph& graph, int index, int by) {
  graph.nodes[static_cast<size_t>(by)].output = graph.nodes[static_cast<size_t>(index)].output;
  graph.nodes.erase(graph.nodes.begin() + index);
}

}  // namespace ink
