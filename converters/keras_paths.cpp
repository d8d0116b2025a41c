#include "converters/keras_paths.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "weights/message.h"

namespace ink {

namespace {

// Classes that have weights, or hold layers that have.
struct LayerClass {
  std::string_view name, folder;
  std::span<const std::string_view> variables;
};

constexpr std::string_view kKernelAndBias[] = {"kernel", "bias"};
constexpr std::string_view kNorm[] = {"gamma", "beta", "moving_mean", "moving_variance"};
constexpr std::string_view kStatistics[] = {"mean", "variance", "count"};

constexpr LayerClass kClasses[] = {
    {"Conv2D", "conv2d", kKernelAndBias},
    {"DepthwiseConv2D", "depthwise_conv2d", kKernelAndBias},
    {"Dense", "dense", kKernelAndBias},
    {"BatchNormalization", "batch_normalization", kNorm},
    {"Normalization", "normalization", kStatistics},
    {"Functional", "functional", {}},
    {"Sequential", "sequential", {}},
};

constexpr int kDeepestModel = 4;

const rapidjson::Value* member(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(key);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string_view text_of(const rapidjson::Value* value) {
  return value != nullptr && value->IsString()
             ? std::string_view(value->GetString(), value->GetStringLength())
             : std::string_view();
}

void add_layers(const rapidjson::Value& model, const std::string& folder, int depth,
                std::map<std::string, std::string, std::less<>>& names) {
  const rapidjson::Value* config = member(model, "config");
  const rapidjson::Value* layers = config == nullptr ? nullptr : member(*config, "layers");
  if (layers == nullptr || !layers->IsArray() || depth == kDeepestModel) return;
  int counts[std::size(kClasses)] = {};
  for (const rapidjson::Value& layer : layers->GetArray()) {
    const auto known = std::ranges::find(kClasses, text_of(member(layer, "class_name")), &LayerClass::name);
    if (known == std::end(kClasses)) continue;
    const int number = counts[known - std::begin(kClasses)]++;
    const std::string path = concat(folder, "layers/", known->folder, number == 0 ? "" : concat("_", number));
    if (known->variables.empty()) {
      add_layers(layer, path + "/", depth + 1, names);
      continue;
    }
    const rapidjson::Value* of_layer = member(layer, "config");
    const std::string_view name = of_layer == nullptr ? "" : text_of(member(*of_layer, "name"));
    for (size_t i = 0; i < known->variables.size(); ++i) {
      names.emplace(concat(path, "/vars/", i), concat(name, "/", known->variables[i]));
    }
  }
}

}  // namespace

std::map<std::string, std::string, std::less<>> keras_names_by_path(std::string_view config_json) {
  std::map<std::string, std::string, std::less<>> names;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(config_json.data(), config_json.size());
  if (!document.HasParseError()) add_layers(document, "", 0, names);
  return names;
}

}  // namespace ink
