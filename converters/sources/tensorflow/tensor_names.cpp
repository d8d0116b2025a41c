#include "converters/sources/tensorflow/tensor_names.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace ink {

namespace {

constexpr std::string_view kValue = "/.ATTRIBUTES/VARIABLE_VALUE", kSlot = "/.OPTIMIZER_SLOT/";
// Beside "variables/": Keras 3 exports its variables twice.
constexpr std::string_view kAllVariables = "_all_variables/";
constexpr std::array<std::string_view, 3> kCounters = {"global_step", "beta1_power", "beta2_power"};
constexpr std::array<std::string_view, 10> kSlots = {"Adam",      "Adam_1",  "Momentum", "RMSProp",
                                                     "RMSProp_1", "Adagrad", "Adadelta", "Adadelta_1",
                                                     "Ftrl",      "Ftrl_1"};

std::string_view without_suffix(std::string_view key) {
  if (key.ends_with(kValue)) key.remove_suffix(kValue.size());
  return key;
}

bool is_slot_of_version_1(std::string_view key, std::span<const std::string_view> keys) {
  if (std::ranges::find(kCounters, key) != kCounters.end()) return true;
  const size_t slash = key.rfind('/');
  if (slash == key.npos || std::ranges::find(kSlots, key.substr(slash + 1)) == kSlots.end()) return false;
  return std::ranges::binary_search(keys, key.substr(0, slash));
}

const GraphVariable* find(std::span<const GraphVariable> variables, std::string_view key) {
  const auto found = std::ranges::lower_bound(variables, key, {}, &GraphVariable::key);
  return found != variables.end() && found->key == key ? &*found : nullptr;
}

// Takes the key for a name where two have the same and are not one, and again where that is another's name.
void separate(std::span<const std::string_view> keys, FunctionRef<bool(size_t, size_t)> same,
              std::vector<TensorName>& names) {
  std::unordered_map<std::string_view, std::vector<size_t>> holders;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].is_weight) holders[names[i].name].push_back(i);
  }
  std::vector<size_t> open;
  for (const auto& [name, indices] : holders) {
    if (indices.size() == 1) continue;
    const auto is_copy = [&](size_t i) {
      return keys[i].starts_with(kAllVariables) && same(i, indices.back());
    };
    if (std::all_of(indices.begin(), indices.end() - 1, is_copy)) {
      for (const size_t i : indices) names[i].is_weight = i == indices.back();
    } else {
      open.insert(open.end(), indices.begin(), indices.end());
    }
  }
  std::vector<bool> by_key(names.size());
  while (!open.empty()) {
    const size_t i = open.back();
    open.pop_back();
    if (by_key[i]) continue;
    by_key[i] = true;
    if (const auto others = holders.find(without_suffix(keys[i])); others != holders.end()) {
      open.insert(open.end(), others->second.begin(), others->second.end());
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (by_key[i]) names[i].name = without_suffix(keys[i]);
  }
}

}  // namespace

std::vector<TensorName> name_tensors(std::span<const std::string_view> keys,
                                     std::span<const GraphVariable> variables,
                                     FunctionRef<bool(size_t, size_t)> same) {
  std::vector<TensorName> names;
  names.reserve(keys.size());
  for (const std::string_view key : keys) {
    const GraphVariable* variable = find(variables, key);
    TensorName& name = names.emplace_back();
    if (variable != nullptr) {
      name.is_weight = variable->is_weight && key.find(kSlot) == key.npos;
      name.name = variable->full_name.empty() ? without_suffix(key) : variable->full_name;
    } else {
      name.is_weight = !variables.empty() || !is_slot_of_version_1(key, keys);
      name.name = without_suffix(key);
    }
  }
  separate(keys, same, names);
  return names;
}

}  // namespace ink
