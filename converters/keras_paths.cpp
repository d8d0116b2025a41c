#include "converters/keras_paths.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "converters/named_tensors.h"
#include "weights/message.h"

namespace ink {

namespace {

// Classes that have weights, or hold layers that have.
struct LayerClass {
  std::string_view name, folder;
  std::span<const std::string_view> variables;
};

constexpr std::string_view kKernelAndBias[] = {"kernel", "bias"};
constexpr std::string_view kDepthwise[] = {"depthwise_kernel", "bias"};
constexpr std::string_view kNorm[] = {"gamma", "beta", "moving_mean", "moving_variance"};
constexpr std::string_view kStatistics[] = {"mean", "variance", "count"};

constexpr LayerClass kClasses[] = {
    {"Conv2D", "conv2d", kKernelAndBias},
    {"DepthwiseConv2D", "depthwise_conv2d", kDepthwise},
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

// What the layers of a model lie in, and by how much their numbers rise.
struct Layout {
  std::string_view folder;
  int step;
};
constexpr Layout kLayouts[] = {{"layers", 1}, {"_layer_checkpoint_dependencies", 2}};

std::string_view text_named(const TensorSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.texts(), name, &SourceText::name);
  return found == source.texts().end() ? std::string_view() : std::string_view(found->text);
}

// Without its last part, which is taken from it.
std::string_view take_last(std::string_view& path) {
  const size_t slash = path.rfind('/');
  const std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
  path = slash == path.npos ? std::string_view() : path.substr(0, slash);
  return last;
}

}  // namespace

struct KerasPaths::Walk {
  KerasPaths& paths;
  const Layout& layout;

  void model(const rapidjson::Value& value, const std::string& folder, int depth) const {
    const rapidjson::Value* config = member(value, "config");
    const rapidjson::Value* layers = config == nullptr ? nullptr : member(*config, "layers");
    if (layers == nullptr || !layers->IsArray() || depth == kDeepestModel) return;
    int counts[std::size(kClasses)] = {};
    for (const rapidjson::Value& layer : layers->GetArray()) {
      const auto known = std::ranges::find(kClasses, text_of(member(layer, "class_name")), &LayerClass::name);
      if (known == std::end(kClasses)) continue;
      const int number = layout.step * counts[known - std::begin(kClasses)]++;
      const std::string path = concat(folder, layout.folder, "/", numbered_layer(known->folder, number));
      if (known->variables.empty()) {
        model(layer, path + "/", depth + 1);
        continue;
      }
      const rapidjson::Value* of_layer = member(layer, "config");
      paths.layers_.emplace(path, of_layer == nullptr ? "" : text_of(member(*of_layer, "name")));
    }
  }
};

KerasPaths::KerasPaths(const TensorSource& source) {
  const auto parse = [&](rapidjson::Document& document, std::string_view name) {
    const std::string_view text = text_named(source, name);
    document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    return !document.HasParseError();
  };
  rapidjson::Document config, names;
  if (parse(config, "config.json")) {
    for (const Layout& layout : kLayouts) Walk{*this, layout}.model(config, "", 0);
  }
  if (parse(names, "layer_names") && names.IsObject()) {
    for (const auto& [path, name] : names.GetObject()) {
      layers_.emplace(std::string(text_of(&path)), std::string(text_of(&name)));
    }
  }
}

std::optional<std::string> KerasPaths::name(std::string_view path) const {
  const std::string_view number = take_last(path);
  if (take_last(path) != "vars" || number.size() != 1) return std::nullopt;
  const auto variable = static_cast<size_t>(number[0] - '0');
  std::string_view folder = path;
  const std::string_view layer = take_last(folder);
  for (const LayerClass& known : kClasses) {
    const std::optional<int> place = layer_number(layer, known.folder);
    if (!place || variable >= known.variables.size()) continue;
    if (const auto found = layers_.find(path); found != layers_.end()) {
      return concat(found->second, "/", known.variables[variable]);
    }
    const auto layout = std::ranges::find(kLayouts, take_last(folder), &Layout::folder);
    if (layout == std::end(kLayouts)) return std::nullopt;
    return concat(numbered_layer(known.folder, *place / layout->step), "/", known.variables[variable]);
  }
  return std::nullopt;
}

}  // namespace ink
