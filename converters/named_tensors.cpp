#include "converters/named_tensors.h"

#include <algorithm>

#include "converters/keras_paths.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr int64_t kLongestAxis = int64_t{1} << 24;

// "block1_conv1_W_1" -> "block1_conv1/kernel", as the first Keras called it and VGG is still released; any
// other name stays.
std::string from_keras_1(std::string_view name) {
  std::string_view layer = name;
  while (!layer.empty() && layer.back() >= '0' && layer.back() <= '9') layer.remove_suffix(1);
  if (layer.size() < name.size() && layer.ends_with('_')) layer.remove_suffix(1);
  if (layer.ends_with("_W")) return concat(layer.substr(0, layer.size() - 2), "/kernel");
  if (layer.ends_with("_b")) return concat(layer.substr(0, layer.size() - 2), "/bias");
  return std::string(name);
}

// "resnet101v2/conv1_conv/kernel:0" -> "conv1_conv/kernel".
std::string layer_and_variable(std::string_view name) {
  if (name.ends_with(":0")) name.remove_suffix(2);
  const size_t variable = name.rfind('/');
  if (variable == std::string_view::npos || variable == 0) return from_keras_1(name);
  const size_t layer = name.rfind('/', variable - 1);
  return std::string(layer == std::string_view::npos ? name : name.substr(layer + 1));
}

}  // namespace

NamedTensors NamedTensors::behind(const TensorSource& source, std::string_view prefix) {
  NamedTensors named;
  for (const SourceTensor& tensor : source.tensors()) {
    if (tensor.name.starts_with(prefix)) named.by_name_.emplace(tensor.name.substr(prefix.size()), &tensor);
  }
  return named;
}

NamedTensors NamedTensors::keras(const TensorSource& source) {
  NamedTensors named;
  const KerasPaths paths(source);
  for (const SourceTensor& tensor : source.tensors()) {
    const std::optional<std::string> known = paths.name(tensor.name);
    if (!named.by_name_.emplace(known ? *known : layer_and_variable(tensor.name), &tensor).second) return {};
  }
  return named;
}

const SourceTensor* NamedTensors::find(std::string_view name) const {
  constexpr std::string_view kDepthwise = "/depthwise_kernel";
  auto found = by_name_.find(name);
  if (found == by_name_.end() && name.ends_with(kDepthwise)) {
    // Keras 3 calls it as any other.
    name.remove_suffix(kDepthwise.size());
    found = by_name_.find(concat(name, "/kernel"));
  }
  return found == by_name_.end() ? nullptr : found->second;
}

std::optional<std::vector<int>> NamedTensors::shape(std::string_view name, size_t axes) const {
  const SourceTensor* const tensor = find(name);
  if (tensor == nullptr) return std::nullopt;
  const std::vector<int64_t>& shape = tensor->shape;
  const auto fits = [](int64_t size) { return size > 0 && size <= kLongestAxis; };
  if (shape.size() != axes || !std::ranges::all_of(shape, fits)) return std::nullopt;
  return std::vector<int>(shape.begin(), shape.end());
}

void NamedTensors::add(const NamedTensors& other, std::string_view prefix) {
  for (const auto& [name, tensor] : other.by_name_) by_name_.emplace(concat(prefix, name), tensor);
}

void NamedTensors::renumber(std::string_view base) {
  // The layers by their number, which need not begin at 0: a session numbers all that it makes.
  std::map<int64_t, std::vector<std::pair<std::string, const SourceTensor*>>> layers;
  for (auto at = by_name_.begin(); at != by_name_.end();) {
    const std::string_view name = at->first;
    const size_t slash = name.find('/');
    const std::optional<int> number = layer_number(name.substr(0, slash), base);
    if (slash == std::string_view::npos || !number) {
      ++at;
      continue;
    }
    layers[*number].emplace_back(name.substr(slash), at->second);
    at = by_name_.erase(at);
  }
  int next = 0;
  for (const auto& [number, variables] : layers) {
    for (const auto& [variable, tensor] : variables) {
      by_name_.emplace(concat(numbered_layer(base, next), variable), tensor);
    }
    ++next;
  }
}

void NamedTensors::bind(std::span<TensorSpec> table) const {
  for (TensorSpec& spec : table) {
    if (const SourceTensor* const tensor = find(spec.name)) spec.source_name = tensor->name;
  }
}

std::optional<int> layer_number(std::string_view layer, std::string_view base) {
  if (!layer.starts_with(base)) return std::nullopt;
  layer.remove_prefix(base.size());
  if (layer.empty()) return 0;
  constexpr size_t kMostDigits = 6;
  if (layer.front() != '_' || layer.size() < 2 || layer.size() > 1 + kMostDigits) return std::nullopt;
  int number = 0;
  for (const char digit : layer.substr(1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return number;
}

std::string numbered_layer(std::string_view base, int number) {
  return number == 0 ? std::string(base) : concat(base, "_", number);
}

}  // namespace ink
