#include "models/vgg.h"

#include "models/config_json.h"
#include "models/json_fields.h"
#include "models/model.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr int kMostChannels = 1 << 16;
// torchvision averages the last map down to this side.
constexpr int kTorchSide = 7;

Value keras_convs(NetBuilder& net, const VggConfig& config, Value x) {
  for (size_t stage = 0; stage < config.convs.size(); ++stage) {
    const std::string block = concat("block", stage + 1);
    for (int i = 1; i <= config.convs[stage]; ++i) {
      const std::string name = concat(block, "_conv", i);
      x = net.conv(name, x,
                   {.oc = config.widths[stage], .kernel = 3, .padding = Padding::even(1), .bias = true});
      x = net.relu(name + "_relu", x);
    }
    x = net.max_pool(block + "_pool", x, 2, 2, Padding::none());
  }
  return x;
}

Value torch_convs(NetBuilder& net, const VggConfig& config, Value x) {
  int index = 0;  // in the sequence of convolutions, activations and pools
  const auto next = [&index] { return concat("features.", index++); };
  for (size_t stage = 0; stage < config.convs.size(); ++stage) {
    for (int i = 0; i < config.convs[stage]; ++i) {
      x = net.conv(next(), x,
                   {.oc = config.widths[stage], .kernel = 3, .padding = Padding::even(1), .bias = true});
      if (config.batch_norm) x = net.batch_norm(next(), x);
      x = net.relu(next(), x);
    }
    x = net.max_pool(next(), x, 2, 2, Padding::none());
  }
  return x;
}

}  // namespace

std::string VggConfig::json() const {
  return JsonObject()
      .flag("batch_norm", batch_norm)
      .integer("classes", classes)
      .integers("convs", convs)
      .integers("hidden", hidden)
      .text("kind", style == TensorStyle::torch ? "torchvision" : "keras")
      .integers("widths", widths)
      .json();
}

Result<VggConfig> VggConfig::from_json(std::string_view json, std::string_view origin) {
  ConfigReader reader(json, kVggArchitecture, origin);
  VggConfig config;
  config.style =
      reader.word("kind", {"torchvision", "keras"}) == "keras" ? TensorStyle::keras : TensorStyle::torch;
  config.batch_norm = reader.boolean("batch_norm");
  config.convs = reader.integers("convs", 1, 16, 1, 64);
  const size_t stages = config.convs.size();
  config.widths = reader.integers("widths", stages, stages, 1, kMostChannels);
  config.classes = reader.integer("classes", 0, kMostChannels);
  config.hidden = reader.integers("hidden", 0, 2, 1, kMostChannels);
  reader.expect(config.hidden.size() == (config.classes > 0 ? 2u : 0u),
                "two hidden layers where there are classes, and none else");
  reader.expect(!config.batch_norm || config.style == TensorStyle::torch,
                "batch_norm of torchvision's networks alone");
  if (!reader.status().ok()) return reader.status().error();
  return config;
}

ImagePreprocess vgg_preset(const VggConfig& config) {
  return config.style == TensorStyle::torch ? presets::torchvision_imagenet() : presets::keras_caffe();
}

Result<ImageNetwork> vgg_network(const VggConfig& config, const ImagePreprocess& preprocess,
                                 std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  const bool torch = config.style == TensorStyle::torch;
  ImageNetwork network{{config.style, 1e-5}, preprocess, {}};
  NetBuilder& net = network.net;
  const Value pictures = net.pictures(size.h, size.w);
  const Value last = torch ? torch_convs(net, config, pictures) : keras_convs(net, config, pictures);
  network.outputs.push_back({"features", net.mean("avg_pool", last)});
  INK_TRY_STATUS(net.graph.status());
  if (config.classes == 0) return network;
  const Shape& map = net.shape(last);
  if (torch && (map.h != kTorchSide || map.w != kTorchSide)) {
    return model_error(origin, ": its classifier needs a last map of ", kTorchSide, "x", kTorchSide,
                       ", that of pictures of ", size.w, "x", size.h, " is ", map.w, "x", map.h);
  }
  Value x = net.relu("fc1_relu", net.dense(torch ? "classifier.0" : "fc1", last, config.hidden[0]));
  x = net.relu("fc2_relu", net.linear(torch ? "classifier.3" : "fc2", x, config.hidden[1]));
  network.outputs.push_back({"fc2", x});
  network.outputs.push_back(
      {"logits", net.linear(torch ? "classifier.6" : "predictions", x, config.classes)});
  INK_TRY_STATUS(net.graph.status());
  return network;
}

Result<ImageNetwork> describe_vgg(const WeightStore& store) {
  INK_TRY(const VggConfig config, VggConfig::from_json(store.metadata(kConfigKey), store.origin()));
  INK_TRY(const ImagePreprocess preprocess, preprocess_of(store, vgg_preset(config)));
  return vgg_network(config, preprocess, store.origin());
}

}  // namespace ink
