#include "converters/sources/torch/value.h"

#include "kernels/base/check.h"

namespace ink::torch_file {

NodeId Values::add(const Node& node) {
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Values::add_scalar(Kind kind, uint32_t at, int64_t value) {
  Node node(kind, at);
  node.integer = value;
  return add(node);
}

NodeId Values::add_real(uint32_t at, double value) {
  Node node(Kind::real, at);
  node.real = value;
  return add(node);
}

NodeId Values::add_piece(Kind kind, uint32_t at, uint32_t begin, uint32_t length) {
  INK_CHECK(uint64_t{begin} + length <= pickle_.size());
  Node node(kind, at);
  node.range = {begin, length};
  return add(node);
}

NodeId Values::add_global(uint32_t at, std::string name) {
  const auto [place, is_new] = global_index_.emplace(name, static_cast<uint32_t>(globals_.size()));
  if (is_new) globals_.push_back(std::move(name));
  Node node(Kind::global, at);
  node.index = place->second;
  return add(node);
}

NodeId Values::add_tuple(uint32_t at, std::span<const NodeId> items) {
  Node node(Kind::tuple, at);
  node.range = {static_cast<uint32_t>(tuple_items_.size()), static_cast<uint32_t>(items.size())};
  tuple_items_.insert(tuple_items_.end(), items.begin(), items.end());
  return add(node);
}

NodeId Values::add_container(Kind kind, uint32_t at) {
  Node node(kind, at);
  node.index = static_cast<uint32_t>(containers_.size());
  containers_.emplace_back();
  return add(node);
}

NodeId Values::add_pair(Kind kind, uint32_t at, NodeId first, NodeId second) {
  Node node(kind, at);
  node.pair = {first, second};
  return add(node);
}

void Values::append(NodeId node, std::span<const NodeId> items) {
  uint32_t index = nodes_[node].index;
  if (kind(node) == Kind::call || kind(node) == Kind::object) {
    const auto [place, is_new] = added_.emplace(node, static_cast<uint32_t>(containers_.size()));
    if (is_new) containers_.emplace_back();
    index = place->second;
  }
  containers_[index].insert(containers_[index].end(), items.begin(), items.end());
}

std::string_view Values::text(NodeId node) const {
  const Node& n = nodes_[node];
  switch (n.kind) {
    case Kind::text:
    case Kind::bytes:
    case Kind::big_integer:
      return {reinterpret_cast<const char*>(pickle_.data()) + n.range.begin, n.range.length};
    case Kind::global: return globals_[n.index];
    default: return {};
  }
}

std::span<const NodeId> Values::items(NodeId node) const {
  const Node& n = nodes_[node];
  switch (n.kind) {
    case Kind::tuple: return std::span(tuple_items_).subspan(n.range.begin, n.range.length);
    case Kind::list:
    case Kind::set:
    case Kind::dict: return containers_[n.index];
    case Kind::call:
    case Kind::object: {
      const auto found = added_.find(node);
      return found == added_.end() ? std::span<const NodeId>() : containers_[found->second];
    }
    default: return {};
  }
}

std::optional<NodeId> Values::state(NodeId node) const {
  const auto found = states_.find(node);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

std::optional<NodeId> Values::find(NodeId dict, std::string_view key) const {
  if (kind(dict) != Kind::dict) return std::nullopt;
  const std::span<const NodeId> all = items(dict);
  for (size_t i = all.size(); i >= 2; i -= 2) {
    if (is_text(all[i - 2], key)) return all[i - 1];
  }
  return std::nullopt;
}

}  // namespace ink::torch_file
