#include "converters/sources/torch/unknown.h"

#include <algorithm>
#include <array>

#include "converters/sources/torch/storage.h"
#include "converters/sources/torch/tensor.h"
#include "weights/message.h"

namespace ink::torch_file {

namespace {

constexpr size_t kMostLines = 100;

constexpr auto kKnown = std::to_array<std::string_view>(
    {"collections.OrderedDict", "__builtin__.set", "builtins.set", "torch.Size", "torch.device"});

// Of the module torch: constants, types and classes that only describe.
constexpr auto kTypes = std::to_array<std::string_view>(
    {"float", "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool",
     "strided", "contiguous_format", "channels_last", "preserve_format", "Tensor"});

bool is_known(std::string_view name) {
  if (std::ranges::find(kKnown, name) != kKnown.end()) return true;
  if (rebuilds_tensor(name) || is_storage_class(name)) return true;
  constexpr std::string_view kTorch = "torch.";
  if (name.starts_with("__torch__.") || name.starts_with("torch.jit._pickle.")) return true;
  return name.starts_with(kTorch) && std::ranges::find(kTypes, name.substr(kTorch.size())) != kTypes.end();
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr size_t kLongest = 80;
  const bool is_plain = text.size() <= kLongest && !text.empty() &&
                        std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  return is_plain ? std::string(text) : quote(text);
}

std::string class_name(const Values& values, NodeId node) {
  if (values.kind(node) == Kind::persistent && values.kind(values.head(node)) == Kind::tuple) {
    const std::span<const NodeId> fields = values.items(values.head(node));
    if (fields.size() >= 2) node = fields[1];
  }
  return values.kind(node) == Kind::global ? std::string(values.text(node)) : "an unnamed class";
}

std::span<const NodeId> set_items(const Values& values, NodeId node) {
  if (values.kind(node) == Kind::set) return values.items(node);
  const std::string_view called = values.called(node);
  if (called != "__builtin__.set" && called != "builtins.set") return {};
  const std::span<const NodeId> arguments = values.items(values.arguments(node));
  return arguments.size() == 1 ? values.items(arguments[0]) : std::span<const NodeId>();
}

void add_line(std::vector<std::string>& lines, std::string line) {
  if (lines.size() < kMostLines) lines.push_back(std::move(line));
}

void add_unknown_globals(std::vector<std::string>& lines, const Values& values,
                         const std::set<std::string, std::less<>>& understood) {
  for (const std::string& name : values.globals()) {
    if (!is_known(name) && !understood.contains(name)) add_line(lines, printable(name));
  }
}

}  // namespace ink::torch_file
