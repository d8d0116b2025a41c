#include <algorithm>

#include "engine/ops/ops.h"
#include "engine/passes/passes.h"
#include "engine/passes/rewire.h"

namespace ink {
namespace {

// Offers each node that `offer` accepts to the node before it, where nobody else reads what lies between.
template <class Offer>
void absorb_into_producer(Graph& graph, Offer offer) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size());) {
    const Wiring wiring(graph);
    const Node& node = graph.nodes[static_cast<size_t>(i)];
    const int before = node.inputs.size() == 1 ? wiring.producer(node.inputs[0]) : -1;
    if (before >= 0 && wiring.uses(node.inputs[0]) == 1 &&
        offer(*graph.nodes[static_cast<size_t>(before)].op, *node.op)) {
      absorb_node(graph, i, before);
    } else {
      ++i;
    }
  }
}

// The input of an addition whose maker can add the other input itself: the later of the two makers, so that
// the other value exists by then. -1 where neither can.
int residual_side(const Graph& graph, const Wiring& wiring, const Node& addition) {
  const int makers[] = {wiring.producer(addition.inputs[0]), wiring.producer(addition.inputs[1])};
  const int side = makers[0] > makers[1] ? 0 : 1;
  const int maker = makers[side];
  const auto shape = [&](size_t i) { return graph.shapes[static_cast<size_t>(addition.inputs[i])]; };
  if (!(shape(0) == shape(1))) return -1;  // the smaller one is repeated
  if (maker < 0 || makers[0] == makers[1] || wiring.uses(addition.inputs[static_cast<size_t>(side)]) != 1)
    return -1;
  if (graph.nodes[static_cast<size_t>(maker)].op->is_view()) return -1;
  return side;
}

// Input `input` of a node.
struct Reader {
  int node;
  size_t input;
};

// Who reads a map that is a product with factors of its channels, views of it and their readers included;
// nobody where one of them cannot multiply instead.
std::vector<Reader> scale_readers(const Graph& graph, const Node& product) {
  if (!product.op->is_multiplication()) return {};
  const Shape& map = graph.shapes[static_cast<size_t>(product.inputs[0])];
  const Shape& factors = graph.shapes[static_cast<size_t>(product.inputs[1])];
  if (factors.h != 1 || factors.w != 1 || factors.c != map.c || product.inputs[0] == product.inputs[1])
    return {};
  std::vector<Reader> readers;
  std::vector<int> values = {product.output};
  for (size_t v = 0; v < values.size(); ++v) {
    if (std::ranges::count(graph.outputs, values[v]) > 0) return {};
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i] != values[v]) continue;
        if (node.op->is_view()) {
          values.push_back(node.output);
        } else if (!node.op->takes_scale(i)) {
          return {};
        }
        readers.push_back({static_cast<int>(n), i});
      }
    }
  }
  return readers;
}

}  // namespace

void remove_dead_nodes(Graph& graph) {
  for (int i = static_cast<int>(graph.nodes.size()) - 1; i >= 0; --i) {
    if (Wiring(graph).uses(graph.nodes[static_cast<size_t>(i)].output) == 0)
      graph.nodes.erase(graph.nodes.begin() + i);
  }
}

void fuse_batch_norms(Graph& graph) {
  absorb_into_producer(graph, [](Op& before, const Op& op) {
    return op.as_batch_norm() != nullptr && before.absorb_batch_norm(*op.as_batch_norm());
  });
}

void fuse_activations(Graph& graph, bool into_additions) {
  absorb_into_producer(graph, [&](Op& before, const Op& op) {
    return op.as_activation() != nullptr && (into_additions || !before.is_addition()) &&
           before.absorb_activation(*op.as_activation());
  });
}

void fuse_residuals(Graph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size());) {
    const Wiring wiring(graph);
    const Node& node = graph.nodes[static_cast<size_t>(i)];
    const int side = node.op->is_addition() ? residual_side(graph, wiring, node) : -1;
    const int maker = side < 0 ? -1 : wiring.producer(node.inputs[static_cast<size_t>(side)]);
    if (maker >= 0 && graph.nodes[static_cast<size_t>(maker)].op->absorb_residual()) {
      graph.nodes[static_cast<size_t>(maker)].inputs.push_back(node.inputs[static_cast<size_t>(1 - side)]);
      absorb_node(graph, i, maker);
    } else {
      ++i;
    }
  }
}

void fuse_scales(Graph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size());) {
    const Node& product = graph.nodes[static_cast<size_t>(i)];
    const std::vector<Reader> readers = scale_readers(graph, product);
    if (readers.empty()) {
      ++i;
      continue;
    }
    for (const Reader& reader : readers) {
      Node& node = graph.nodes[static_cast<size_t>(reader.node)];
      // A view looks at the map instead, and those who read the view absorb the factors.
      if (node.inputs[reader.input] == product.output) node.inputs[reader.input] = product.inputs[0];
      if (node.op->is_view()) continue;
      const size_t place = node.op->absorb_scale(reader.input);
      node.inputs.insert(node.inputs.begin() + static_cast<std::ptrdiff_t>(place), product.inputs[1]);
    }
    graph.nodes.erase(graph.nodes.begin() + i);
  }
}

void fuse_expansions(Graph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size());) {
    const Wiring wiring(graph);
    Node& node = graph.nodes[static_cast<size_t>(i)];
    const int before = node.inputs.size() == 1 ? wiring.producer(node.inputs[0]) : -1;
    Node* source = before < 0 ? nullptr : &graph.nodes[static_cast<size_t>(before)];
    if (source != nullptr && source->inputs.size() == 1 && wiring.uses(node.inputs[0]) == 1 &&
        node.op->absorb_source(*source->op)) {
      node.inputs = source->inputs;
      graph.nodes.erase(graph.nodes.begin() + before);
    } else {
      ++i;
    }
  }
}

void run_passes(Graph& graph) {
  remove_dead_nodes(graph);
  fuse_batch_norms(graph);
  // Activations of what is added first: act(x) + r. Those of a sum once its addition has found its place:
  // act(x + r).
  fuse_activations(graph, false);
  fuse_residuals(graph);
  fuse_activations(graph, true);
  fuse_scales(graph);
  fuse_expansions(graph);
}

}  // namespace ink
