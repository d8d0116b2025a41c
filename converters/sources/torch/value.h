#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ink::torch_file {

// What a pickle says, as a graph of inert nodes. Nothing is ever imported, called or built: a class or
// function is its name, a call is that name with its arguments. Nodes are shared as in the file, so the graph
// can have cycles: whoever walks it keeps a set of what was visited or bounds the depth.
enum class Kind : uint8_t {
  none,
  boolean,
  integer,
  big_integer,  // beyond 64 bits
  real,
  text,
  bytes,
  tuple,
  list,
  set,
  dict,        // items: key, value, key, value ...; a collections.OrderedDict, too
  global,      // "module.name"
  call,        // a global called with a tuple
  object,      // an instance of a class: class, tuple of arguments
  persistent,  // torch's storages, and in old files classes with their source
};

using NodeId = uint32_t;

// Borrows the bytes of the pickle.
class Values {
 public:
  Values(std::span<const std::byte> pickle, uint64_t base) : pickle_(pickle), base_(base) {}

  size_t size() const { return nodes_.size(); }
  Kind kind(NodeId node) const { return nodes_[node].kind; }
  // Where the node begins, in the file.
  uint64_t offset(NodeId node) const { return base_ + nodes_[node].at; }

  // Of boolean (0 or 1) and integer.
  int64_t integer(NodeId node) const { return nodes_[node].integer; }
  double real(NodeId node) const { return nodes_[node].real; }
  // Of text, bytes, global, and of big_integer its little-endian bytes.
  std::string_view text(NodeId node) const;
  // Of tuple, list, set, dict; of call and object what was added to them afterwards.
  std::span<const NodeId> items(NodeId node) const;
  // What is called, the class of the object, or the identity of the persistent.
  NodeId head(NodeId node) const { return nodes_[node].pair.first; }
  // The tuple of arguments of a call or object.
  NodeId arguments(NodeId node) const { return nodes_[node].pair.second; }
  // The state that BUILD gave to a call or object.
  std::optional<NodeId> state(NodeId node) const;

  bool is_text(NodeId node, std::string_view text_wanted) const {
    return kind(node) == Kind::text && text(node) == text_wanted;
  }
  // The value of a text key of a dict, the last one as in Python.
  std::optional<NodeId> find(NodeId dict, std::string_view key) const;
  // The name of a global that is called with these arguments, or empty.
  std::string_view called(NodeId node) const {
    return kind(node) == Kind::call ? text(head(node)) : std::string_view();
  }
  // Each class and function that the pickle names, once, in its order.
  std::span<const std::string> globals() const { return globals_; }

  NodeId add_scalar(Kind kind, uint32_t at, int64_t value = 0);
  NodeId add_real(uint32_t at, double value);
  // text, bytes, big_integer: a piece of the pickle.
  NodeId add_piece(Kind kind, uint32_t at, uint32_t begin, uint32_t length);
  NodeId add_global(uint32_t at, std::string name);
  NodeId add_tuple(uint32_t at, std::span<const NodeId> items);
  // list, set, dict.
  NodeId add_container(Kind kind, uint32_t at);
  NodeId add_pair(Kind kind, uint32_t at, NodeId first, NodeId second = 0);
  // Of a container, call or object.
  void append(NodeId node, std::span<const NodeId> items);
  // False where it has one already.
  bool set_state(NodeId node, NodeId state) { return states_.emplace(node, state).second; }

 private:
  struct Range {
    uint32_t begin, length;
  };
  struct Pair {
    NodeId first, second;
  };
  // Sixteen bytes, because a small file can make a million of them.
  struct Node {
    Node(Kind node_kind, uint32_t where) : kind(node_kind), at(where) {}

    Kind kind = Kind::none;
    uint32_t at = 0;  // in the pickle
    union {
      int64_t integer = 0;
      double real;
      Range range;  // of the pickle, or of tuple_items_
      Pair pair;
      uint32_t index;  // in containers_ or globals_
    };
  };
  NodeId add(const Node& node);

  std::span<const std::byte> pickle_;
  uint64_t base_ = 0;
  std::vector<Node> nodes_;
  std::vector<NodeId> tuple_items_;
  std::vector<std::vector<NodeId>> containers_;
  std::vector<std::string> globals_;
  std::unordered_map<std::string, uint32_t> global_index_;
  std::unordered_map<NodeId, uint32_t> added_;  // calls and objects that got items, in containers_
  std::unordered_map<NodeId, NodeId> states_;
};

}  // namespace ink::torch_file
