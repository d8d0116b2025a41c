#include "converters/sources/torch/walk.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "converters/sources/torch/reach.h"
#include "converters/sources/torch/tensor.h"
#include "converters/sources/torch/unknown.h"
#include "weights/message.h"

namespace ink::torch_file {

namespace {

// Where training scripts keep the model, the likelier first: an average of weights is what its authors
// released it for.
constexpr std::array<std::string_view, 10> kModelKeys = {
    "state_dict", "model_state_dict", "model_state", "params_ema", "params",
    "model",      "module",           "network",     "net",        "weights"};

class Walk {
 public:
  Walk(const Values& values, const std::string& origin, const ModelLimits& limits)
      : values_(values), origin_(origin), limits_(limits), opaque_(values) {}

  Result<Found> run(NodeId root);

 private:
  Status visit(NodeId node, const std::string& name, size_t depth);
  Status visit_dict(NodeId dict, const std::string& prefix, size_t depth);
  Status visit_items(NodeId sequence, const std::string& prefix, size_t depth);
  Status visit_module(NodeId module, const std::string& prefix, size_t depth);
  Status visit_opaque(NodeId node, const std::string& name);
  Status visit_root(NodeId root);
  void add_texts(NodeId dict);
  Result<std::string> join(const std::string& prefix, NodeId key);
  Status add(const std::string& name, NodeId node);

  bool is_module(NodeId node) const;
  bool is_script(NodeId node) const {
    return values_.kind(node) == Kind::object && values_.text(values_.head(node)).starts_with("__torch__.");
  }
  // The dict that holds an object's attributes.
  std::optional<NodeId> attributes(NodeId node) const {
    const std::optional<NodeId> state = values_.state(node);
    return state && values_.kind(*state) == Kind::dict ? state : std::nullopt;
  }
  std::optional<NodeId> model_in(NodeId checkpoint) const;
  std::string class_of(NodeId node) const { return class_name(values_, values_.head(node)); }
  Error not_run(NodeId node, std::string_view what) const;

  const Values& values_;
  const std::string& origin_;
  const ModelLimits& limits_;
  Found found_;
  std::set<std::string, std::less<>> modules_;  // classes that were walked
  Reach opaque_;
  const size_t most_visits_ = 4 * limits_.tensors;
  size_t visits_ = 0;
  uint64_t names_bytes_ = 0;
};

bool Walk::is_module(NodeId node) const {
  if (values_.kind(node) != Kind::object) return false;
  const std::optional<NodeId> state = attributes(node);
  return state && (values_.find(*state, "_modules") || values_.find(*state, "_parameters"));
}

std::optional<NodeId> Walk::model_in(NodeId checkpoint) const {
  for (const std::string_view key : kModelKeys) {
    const std::optional<NodeId> value = values_.find(checkpoint, key);
    if (!value) continue;
    if (is_module(*value) || is_script(*value)) return value;
    if (values_.kind(*value) == Kind::dict && Reach(values_).count_tensors(*value) != 0) return value;
  }
  return std::nullopt;
}

Error Walk::not_run(NodeId node, std::string_view what) const {
  return model_error(origin_, ": ", what, " at offset ", values_.offset(node),
                     values_.kind(node) == Kind::call ? " is made by calling " : " is an object of ",
                     quote(class_of(node)),
                     ", whose code never runs here; where it can run, save plain tensors with "
                     "torch.save(model.state_dict(), PATH)");
}

Result<std::string> Walk::join(const std::string& prefix, NodeId key) {
  const std::string own = values_.kind(key) == Kind::integer ? std::to_string(values_.integer(key))
                                                             : std::string(values_.text(key));
  const bool is_plain =
      !own.empty() && std::ranges::none_of(own, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!is_plain || prefix.size() + own.size() >= limits_.tensor_name_bytes) {
    return model_error(origin_, ": the name ", quote(own), " at offset ", values_.offset(key), " below ",
                       quote(prefix), " is empty, not printable or longer than ", limits_.tensor_name_bytes,
                       " bytes");
  }
  return prefix.empty() ? own : prefix + "." + own;
}

Status Walk::add(const std::string& name, NodeId node) {
  names_bytes_ += name.size();
  if (found_.tensors.size() == limits_.tensors || names_bytes_ > limits_.names_bytes) {
    return model_error(origin_, ": tensor ", quote(name), " at offset ", values_.offset(node),
                       " exceeds the limit of ", limits_.tensors, " tensors or of ", limits_.names_bytes,
                       " bytes of names");
  }
  found_.tensors.push_back({name, node});
  return {};
}

Status Walk::visit(NodeId node, const std::string& name, size_t depth) {
  // Shared nodes can make more paths than there are nodes.
  if (depth > limits_.nesting || ++visits_ > most_visits_) {
    return model_error(origin_, ": ", quote(name), " at offset ", values_.offset(node),
                       " exceeds the limit of ", limits_.nesting, " levels or of ", most_visits_, " entries");
  }
  if (is_tensor(values_, node)) return add(name, node);
  if (is_module(node) || is_script(node)) return visit_module(node, name, depth);
  switch (values_.kind(node)) {
    case Kind::dict: return visit_dict(node, name, depth);
    case Kind::list:
    case Kind::tuple: return visit_items(node, name, depth);
    case Kind::call:
      // The types that TorchScript gives to its lists and dicts.
      if (values_.called(node).starts_with("torch.jit._pickle.")) {
        return visit(values_.arguments(node), name, depth + 1);
      }
      [[fallthrough]];
    case Kind::object:
    case Kind::persistent: return visit_opaque(node, name);
    default: return {};
  }
}

Status Walk::visit_dict(NodeId dict, const std::string& prefix, size_t depth) {
  const std::span<const NodeId> items = values_.items(dict);
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const Kind kind = values_.kind(items[i]);
    if (kind != Kind::text && kind != Kind::integer) {
      INK_TRY_STATUS(visit_opaque(items[i + 1], prefix));
      continue;
    }
    INK_TRY(const std::string name, join(prefix, items[i]));
    INK_TRY_STATUS(visit(items[i + 1], name, depth + 1));
  }
  return {};
}

Status Walk::visit_items(NodeId sequence, const std::string& prefix, size_t depth) {
  const std::span<const NodeId> items = values_.items(sequence);
  for (size_t i = 0; i < items.size(); ++i) {
    INK_TRY_STATUS(visit(items[i], concat(prefix, ".", i), depth + 1));
  }
  return {};
}

// In the order of state_dict(): parameters, buffers, modules. A scripted module has them as attributes.
Status Walk::visit_module(NodeId module, const std::string& prefix, size_t depth) {
  modules_.emplace(class_of(module));
  const std::optional<NodeId> state = attributes(module);
  if (!state) return {};
  if (is_script(module)) return visit_dict(*state, prefix, depth);
  std::set<std::string_view> left_out;
  if (const std::optional<NodeId> names = values_.find(*state, "_non_persistent_buffers_set")) {
    for (const NodeId name : set_items(values_, *names)) left_out.insert(values_.text(name));
  }
  for (const std::string_view part : {"_parameters", "_buffers", "_modules"}) {
    const std::optional<NodeId> dict = values_.find(*state, part);
    if (!dict) continue;
    if (values_.kind(*dict) != Kind::dict) return visit_opaque(*dict, concat(prefix, ".", part));
    const std::span<const NodeId> items = values_.items(*dict);
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      if (part == "_buffers" && left_out.contains(values_.text(items[i]))) continue;
      INK_TRY(const std::string name, join(prefix, items[i]));
      INK_TRY_STATUS(visit(items[i + 1], name, depth + 1));
    }
  }
  return {};
}

// Harmless where no tensor hangs on it: a model without one of its tensors would be another model.
Status Walk::visit_opaque(NodeId node, const std::string& name) {
  // One count for all: what it met before held no tensor, or the walk would have ended there.
  if (opaque_.count_tensors(node) == 0) return {};
  if (is_tensor(values_, node)) {
    return model_error(origin_, ": the tensor at offset ", values_.offset(node), " below ", quote(name),
                       " has a key that is no name");
  }
  if (values_.kind(node) == Kind::call || values_.kind(node) == Kind::object) {
    return not_run(node, concat("tensor ", quote(name)));
  }
  return model_error(origin_, ": ", quote(name), " at offset ", values_.offset(node),
                     " holds a tensor that has no name");
}

Status Walk::visit_root(NodeId root) {
  if (is_module(root) || is_script(root)) return visit_module(root, "", 0);
  const Kind kind = values_.kind(root);
  if (kind == Kind::call || kind == Kind::object) {
    if (!is_tensor(values_, root)) return not_run(root, "the model");
  }
  if (kind != Kind::dict) {
    return model_error(origin_, ": expected a dict of tensors or a module, found something else at offset ",
                       values_.offset(root));
  }
  add_texts(root);
  const std::optional<NodeId> model = model_in(root);
  if (!model) return visit_dict(root, "", 0);
  add_texts(*model);
  INK_TRY_STATUS(is_module(*model) || is_script(*model) ? visit_module(*model, "", 0)
                                                        : visit_dict(*model, "", 0));
  Reach reach(values_);
  reach.count_tensors(*model);
  const std::span<const NodeId> items = values_.items(root);
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const size_t count = reach.count_tensors(items[i + 1]);
    if (count == 0) continue;
    add_line(
        found_.unknown,
        concat(values_.kind(items[i]) == Kind::text ? quote(values_.text(items[i])) : std::string("an entry"),
               " beside the model: ", count, count == 1 ? " tensor" : " tensors", ", left out"));
  }
  return {};
}

void Walk::add_texts(NodeId dict) {
  constexpr size_t kMost = 100, kLongest = 1024;
  if (values_.kind(dict) != Kind::dict) return;
  const std::span<const NodeId> items = values_.items(dict);
  for (size_t i = 0; i + 1 < items.size() && found_.texts.size() < kMost; i += 2) {
    if (values_.kind(items[i]) != Kind::text) continue;
    const NodeId value = items[i + 1];
    std::string text;
    switch (values_.kind(value)) {
      case Kind::boolean: text = values_.integer(value) != 0 ? "True" : "False"; break;
      case Kind::integer: text = std::to_string(values_.integer(value)); break;
      case Kind::real: text = std::to_string(values_.real(value)); break;
      case Kind::none: text = "None"; break;
      case Kind::text: text = values_.text(value); break;
      default: continue;
    }
    const std::string_view key = values_.text(items[i]);
    if (key.size() <= kLongest && text.size() <= kLongest)
      found_.texts.push_back({std::string(key), std::move(text)});
  }
}

Result<Found> Walk::run(NodeId root) {
  INK_TRY_STATUS(visit_root(root));
  if (const std::optional<NodeId> version = values_.find(root, "pytorch-lightning_version");
      version && values_.kind(*version) == Kind::text) {
    found_.producer = "PyTorch Lightning " + printable(values_.text(*version));
  }
  add_unknown_globals(found_.unknown, values_, modules_);
  return std::move(found_);
}

}  // namespace

Result<Found> find_tensors(const Values& values, NodeId root, const std::string& origin,
                           const ModelLimits& limits) {
  return Walk(values, origin, limits).run(root);
}

}  // namespace ink::torch_file
