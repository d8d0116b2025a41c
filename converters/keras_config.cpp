#include "converters/keras_config.h"

#include <rapidjson/document.h>

#include <algorithm>

namespace ink {

namespace {

using Json = rapidjson::Value;

constexpr int kLargestSide = 1 << 14;
constexpr int kDeepest = 12;

const Json* member(const Json& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(key);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string_view text_of(const Json* value) {
  return value != nullptr && value->IsString()
             ? std::string_view(value->GetString(), value->GetStringLength())
             : std::string_view();
}

std::optional<PictureSize> size_in(const Json& shape) {
  if (!shape.IsArray() || shape.Size() != 4 || !shape[3].IsInt() || shape[3].GetInt() != 3) {
    return std::nullopt;
  }
  for (const rapidjson::SizeType axis : {1u, 2u}) {
    const Json& side = shape[axis];
    if (!side.IsInt() || side.GetInt() < 1 || side.GetInt() > kLargestSide) return std::nullopt;
  }
  return PictureSize{shape[2].GetInt(), shape[1].GetInt()};
}

// The three numbers of a list, or of a list of one list and so on.
std::vector<double> three_numbers(const Json* value, int depth = 0) {
  while (value != nullptr && value->IsArray() && value->Size() == 1 && depth++ < kDeepest) {
    value = &(*value)[0];
  }
  std::vector<double> numbers;
  if (value == nullptr || !value->IsArray() || value->Size() != 3) return numbers;
  for (const Json& item : value->GetArray()) {
    if (!item.IsNumber()) return {};
    numbers.push_back(item.GetDouble());
  }
  return numbers;
}

// The constant of a multiplication that was written as an operation: in the arguments of its one call.
std::vector<double> constant_in(const Json* nodes, int depth = 0) {
  if (nodes == nullptr || depth == kDeepest) return {};
  if (nodes->IsObject()) return three_numbers(member(*nodes, "y"));
  if (!nodes->IsArray()) return {};
  for (const Json& node : nodes->GetArray()) {
    if (std::vector<double> numbers = constant_in(&node, depth + 1); !numbers.empty()) return numbers;
  }
  return {};
}

}  // namespace

struct KerasConfig::Walk {
  KerasConfig& config;

  void model(const Json& value, int depth) const {
    const Json* inside = member(value, "config");
    const Json* layers = inside == nullptr ? nullptr : member(*inside, "layers");
    if (layers == nullptr || !layers->IsArray() || depth == kDeepest) return;
    for (const Json& item : layers->GetArray()) {
      layer(item);
      model(item, depth + 1);
    }
  }

  void layer(const Json& item) const {
    const Json* settings = member(item, "config");
    if (settings == nullptr) return;
    const std::string_view kind = text_of(member(item, "class_name"));
    for (const char* key : {"batch_input_shape", "batch_shape"}) {
      const Json* shape = member(*settings, key);
      if (shape != nullptr && !config.input_size_) config.input_size_ = size_in(*shape);
    }
    if (kind == "TFOpLambda" && text_of(member(*settings, "function")) == "math.multiply") {
      keep_factors(constant_in(member(item, "inbound_nodes")));
    } else if (kind == "Rescaling") {
      keep_factors(three_numbers(member(*settings, "scale")));
    }
    Layer facts;
    const Json* strides = member(*settings, "strides");
    if (strides != nullptr && strides->IsArray() && strides->Size() == 2 && (*strides)[0].IsInt()) {
      facts.stride = (*strides)[0].GetInt();
    }
    const Json* padding = member(*settings, "padding");
    if (padding != nullptr && padding->IsArray() && padding->Size() == 2) {
      const Json& rows = (*padding)[0];
      if (rows.IsArray() && rows.Size() == 2 && rows[0].IsInt() && rows[1].IsInt()) {
        facts.pads_less_before = rows[0].GetInt() < rows[1].GetInt();
      }
    }
    config.layers_.emplace(text_of(member(*settings, "name")), facts);
  }

  void keep_factors(std::vector<double> numbers) const {
    if (config.channel_factors_.empty()) config.channel_factors_ = std::move(numbers);
  }
};

KerasConfig::KerasConfig(const TensorSource& source) {
  for (const SourceText& text : source.texts()) {
    if (text.name != "model_config" && text.name != "config.json") continue;
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(text.text.data(), text.text.size());
    if (!document.HasParseError()) Walk{*this}.model(document, 0);
    return;
  }
}

std::optional<int> KerasConfig::stride(std::string_view layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? std::nullopt : found->second.stride;
}

std::optional<bool> KerasConfig::pads_less_before(std::string_view layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? std::nullopt : found->second.pads_less_before;
}

}  // namespace ink
