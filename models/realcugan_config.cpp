#include <rapidjson/document.h>

#include <string>

#include "models/realcugan.h"

namespace ink {
namespace {

void add_layer(std::vector<TensorSpec>& table, const std::string& name, std::vector<int64_t> weight,
               int64_t bias) {
  table.push_back({name + ".weight", std::move(weight), name + ".weight"});
  table.push_back({name + ".bias", {bias}, name + ".bias"});
}

void add_conv_pair(std::vector<TensorSpec>& table, const std::string& name, int64_t ic, int64_t middle,
                   int64_t oc, bool excite) {
  add_layer(table, name + ".conv.0", {middle, ic, 3, 3}, middle);
  add_layer(table, name + ".conv.2", {oc, middle, 3, 3}, oc);
  if (!excite) return;
  add_layer(table, name + ".seblock.conv1", {oc / 8, oc, 1, 1}, oc / 8);
  add_layer(table, name + ".seblock.conv2", {oc, oc / 8, 1, 1}, oc);
}

}  // namespace

std::string RealCuganConfig::json() const {
  const auto word = [](bool value) { return value ? "true" : "false"; };
  return std::string("{\"pro\":") + word(pro) + ",\"scale\":" + std::to_string(scale) +
         ",\"squeeze_excite\":" + word(squeeze_excite) + "}";
}

Result<RealCuganConfig> RealCuganConfig::from_json(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  const auto field = [&](const char* name) -> const rapidjson::Value* {
    if (document.HasParseError() || !document.IsObject() || !document.HasMember(name)) return nullptr;
    return &document[name];
  };
  const rapidjson::Value *scale = field("scale"), *excite = field("squeeze_excite"), *pro = field("pro");
  if (scale == nullptr || !scale->IsInt() || scale->GetInt() < 2 || scale->GetInt() > 4 ||
      excite == nullptr || !excite->IsBool() || pro == nullptr || !pro->IsBool()) {
    return Error{ErrorKind::model,
                 "inkstone.config: expected {\"pro\":bool,\"scale\":2|3|4,\"squeeze_excite\":bool} for the "
                 "architecture realcugan, found " +
                     std::string(json.substr(0, 200))};
  }
  return RealCuganConfig{scale->GetInt(), excite->GetBool(), pro->GetBool()};
}

std::vector<TensorSpec> realcugan_tensors(const RealCuganConfig& config) {
  const bool se = config.squeeze_excite;
  const int64_t middle = config.scale == 4 ? 64 : 3;  // channels between and after the two U-Nets
  const int64_t up = config.scale == 3 ? 5 : 4;
  std::vector<TensorSpec> table;
  add_conv_pair(table, "unet1.conv1", 3, 32, 64, false);
  add_layer(table, "unet1.conv1_down", {64, 64, 2, 2}, 64);
  add_conv_pair(table, "unet1.conv2", 64, 128, 64, se);
  add_layer(table, "unet1.conv2_up", {64, 64, 2, 2}, 64);
  add_layer(table, "unet1.conv3", {64, 64, 3, 3}, 64);
  add_layer(table, "unet1.conv_bottom", {64, middle, up, up}, middle);
  add_conv_pair(table, "unet2.conv1", middle, 32, 64, false);
  add_layer(table, "unet2.conv1_down", {64, 64, 2, 2}, 64);
  add_conv_pair(table, "unet2.conv2", 64, 64, 128, se);
  add_layer(table, "unet2.conv2_down", {128, 128, 2, 2}, 128);
  add_conv_pair(table, "unet2.conv3", 128, 256, 128, se);
  add_layer(table, "unet2.conv3_up", {128, 128, 2, 2}, 128);
  add_conv_pair(table, "unet2.conv4", 128, 64, 64, se);
  add_layer(table, "unet2.conv4_up", {64, 64, 2, 2}, 64);
  add_layer(table, "unet2.conv5", {64, 64, 3, 3}, 64);
  add_layer(table, "unet2.conv_bottom", {middle, 64, 3, 3}, middle);
  if (config.scale == 4) add_layer(table, "conv_final", {12, 64, 3, 3}, 12);
  return table;
}

}  // namespace ink
