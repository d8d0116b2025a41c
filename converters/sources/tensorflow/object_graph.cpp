#include "converters/sources/tensorflow/object_graph.h"

#include <algorithm>
#include <cstdint>

#include "weights/message.h"

namespace ink {

namespace {

struct Edge {
  uint32_t to = 0;
  std::string_view name;
};

struct Attribute {
  uint32_t node = 0;
  GraphVariable variable;
  Place place;
};

struct Node {
  size_t edges_begin = 0, edges_end = 0;
  bool has_slots = false, has_steps = false, has_rate = false;
  bool is_optimizer() const { return has_slots || (has_steps && has_rate); }
};

// What no weight of the model is behind, by the names that Keras and tf.train.Checkpoint give.
bool is_apart(std::string_view name) { return name == "optimizer" || name == "save_counter"; }

class Graph {
 public:
  explicit Graph(const ModelLimits& limits) : limits_(limits) {}

  Status read(std::span<const std::byte> bytes, Place place);
  Result<std::vector<GraphVariable>> variables(std::span<const std::string> names);

 private:
  Status read_node(ProtoReader reader);
  Status read_edge(ProtoReader reader, Node& node);
  Status read_attribute(ProtoReader reader);
  Status count(const ProtoReader& reader);
  std::vector<bool> reached() const;

  const ModelLimits& limits_;
  size_t items_ = 0;
  uint64_t highest_ = 0;  // of the nodes that edges lead to
  Place highest_place_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<Attribute> attributes_;
};

Status Graph::count(const ProtoReader& reader) {
  if (++items_ > limits_.tf_graph_items) {
    return reader.error(concat("has more than ", limits_.tf_graph_items, " nodes, edges and attributes"));
  }
  return {};
}

Status Graph::read(std::span<const std::byte> bytes, Place place) {
  ProtoReader reader(bytes, place, "the object graph");
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() != 1) continue;
    INK_TRY_STATUS(count(reader));
    INK_TRY(const ProtoReader node, reader.message("the node"));
    INK_TRY_STATUS(read_node(node));
  }
  if (!edges_.empty() && highest_ >= nodes_.size()) {
    return place_error(highest_place_, "the edge", concat("leads to node ", highest_, " of ", nodes_.size()));
  }
  return {};
}

Status Graph::read_node(ProtoReader reader) {
  Node node;
  node.edges_begin = edges_.size();
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() == 1) {
      INK_TRY(const ProtoReader edge, reader.message("the edge"));
      INK_TRY_STATUS(count(reader));
      INK_TRY_STATUS(read_edge(edge, node));
    } else if (reader.number() == 2) {
      INK_TRY(const ProtoReader attribute, reader.message("the attribute"));
      INK_TRY_STATUS(count(reader));
      INK_TRY_STATUS(read_attribute(attribute));
    } else if (reader.number() == 3) {
      INK_TRY_STATUS(reader.message("the slot").status());
      node.has_slots = true;
    }
  }
  node.edges_end = edges_.size();
  nodes_.push_back(node);
  return {};
}

Status Graph::read_edge(ProtoReader reader, Node& node) {
  uint64_t to = 0;
  Edge edge;
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() == 1) {
      INK_TRY(to, reader.varint());
    } else if (reader.number() == 2) {
      INK_TRY(edge.name, reader.text());
    }
  }
  if (to > highest_) {
    highest_ = to;
    highest_place_ = reader.place();
  }
  if (to >= limits_.tf_graph_items) return reader.error(concat("leads to node ", to));
  edge.to = static_cast<uint32_t>(to);
  edges_.push_back(edge);
  node.has_steps = node.has_steps || edge.name == "_iterations" || edge.name == "iter";
  node.has_rate = node.has_rate || edge.name == "_learning_rate" || edge.name == "learning_rate";
  return {};
}

Status Graph::read_attribute(ProtoReader reader) {
  Attribute attribute{static_cast<uint32_t>(nodes_.size()), {}, reader.place()};
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() == 2) {
      INK_TRY(attribute.variable.full_name, reader.text());
    } else if (reader.number() == 3) {
      INK_TRY(attribute.variable.key, reader.text());
    }
  }
  attributes_.push_back(attribute);
  return {};
}

std::vector<bool> Graph::reached() const {
  std::vector<bool> seen(nodes_.size()), is_keras_api(nodes_.size());
  for (const Edge& edge : edges_) {
    if (edge.name == "keras_api") is_keras_api[edge.to] = true;
  }
  std::vector<uint32_t> open;
  const auto enter = [&](uint32_t node) {
    if (seen[node]) return;
    seen[node] = true;
    open.push_back(node);
  };
  if (!nodes_.empty()) enter(0);
  while (!open.empty()) {
    const uint32_t from = open.back();
    open.pop_back();
    for (size_t i = nodes_[from].edges_begin; i < nodes_[from].edges_end; ++i) {
      const Edge& edge = edges_[i];
      const bool metrics = is_keras_api[from] && (edge.name == "metrics" || edge.name == "layer_metrics");
      if (!metrics && !is_apart(edge.name) && !nodes_[edge.to].is_optimizer()) enter(edge.to);
    }
  }
  return seen;
}

Result<std::vector<GraphVariable>> Graph::variables(std::span<const std::string> names) {
  const std::vector<bool> seen = reached();
  std::ranges::stable_sort(attributes_, {}, [](const Attribute& one) { return one.variable.key; });
  std::vector<GraphVariable> variables;
  for (const Attribute& attribute : attributes_) {
    if (!variables.empty() && variables.back().key == attribute.variable.key) {
      return place_error(attribute.place, "the attribute",
                         concat("has the key ", quote(attribute.variable.key), ", which another has"));
    }
    variables.push_back(attribute.variable);
    GraphVariable& variable = variables.back();
    variable.is_weight = seen[attribute.node];
    if (variable.full_name.empty() && attribute.node < names.size())
      variable.full_name = names[attribute.node];
  }
  return variables;
}

}  // namespace

Result<std::vector<GraphVariable>> read_object_graph(std::span<const std::byte> bytes, Place place,
                                                     const ModelLimits& limits,
                                                     std::span<const std::string> names) {
  Graph graph(limits);
  INK_TRY_STATUS(graph.read(bytes, place));
  return graph.variables(names);
}

}  // namespace ink
