#include "models/resnet.h"

#include <algorithm>

#include "models/config_json.h"
#include "models/json_fields.h"
#include "models/model.h"

namespace ink {

namespace {

constexpr int kMostChannels = 1 << 16, kMostBlocks = 512;

const char* kind_name(ResNetKind kind) {
  switch (kind) {
    case ResNetKind::torchvision: return "torchvision";
    case ResNetKind::keras: return "keras";
    case ResNetKind::keras_v2: return "keras_v2";
  }
  return "?";
}

ResNetKind kind_of(std::string_view name) {
  if (name == "torchvision") return ResNetKind::torchvision;
  return name == "keras" ? ResNetKind::keras : ResNetKind::keras_v2;
}

}  // namespace

std::string ResNetConfig::json() const {
  return JsonObject()
      .integers("blocks", sizes.blocks)
      .flag("bottleneck", sizes.bottleneck)
      .integer("classes", classes)
      .integer("groups", sizes.groups)
      .text("kind", kind_name(kind))
      .integers("outs", sizes.outs)
      .integer("stem", sizes.stem)
      .integer("stem_kernel", sizes.stem_kernel)
      .integers("widths", sizes.widths)
      .json();
}

Result<ResNetConfig> ResNetConfig::from_json(std::string_view json, std::string_view origin) {
  ConfigReader reader(json, kResNetArchitecture, origin);
  ResNetConfig config;
  ResNetSizes& sizes = config.sizes;
  config.kind = kind_of(reader.word("kind", {"torchvision", "keras", "keras_v2"}));
  sizes.blocks = reader.integers("blocks", 1, 16, 1, kMostBlocks);
  const size_t stages = sizes.blocks.size();
  sizes.widths = reader.integers("widths", stages, stages, 1, kMostChannels);
  sizes.outs = reader.integers("outs", stages, stages, 1, kMostChannels);
  sizes.bottleneck = reader.boolean("bottleneck");
  sizes.groups = reader.integer("groups", 1, kMostChannels);
  sizes.stem = reader.integer("stem", 1, kMostChannels);
  sizes.stem_kernel = reader.integer("stem_kernel", 3, 15);
  config.classes = reader.integer("classes", 0, kMostChannels);
  reader.expect(sizes.stem_kernel % 2 == 1, "an odd stem_kernel");
  reader.expect(std::ranges::all_of(sizes.widths, [&](int width) { return width % sizes.groups == 0; }),
                "widths that are multiples of groups");
  reader.expect(config.kind != ResNetKind::keras_v2 || *std::ranges::min_element(sizes.blocks) > 1,
                "two blocks or more a stage");
  reader.expect(sizes.bottleneck || (sizes.widths == sizes.outs && sizes.groups == 1),
                "outs like widths and one group where there is no bottleneck");
  if (!reader.status().ok()) return reader.status().error();
  return config;
}

ImagePreprocess resnet_preset(const ResNetConfig& config) {
  switch (config.kind) {
    case ResNetKind::torchvision: return presets::torchvision_imagenet();
    case ResNetKind::keras: return presets::keras_caffe();
    case ResNetKind::keras_v2: return presets::keras_tf();
  }
  return {};
}

Result<ImageNetwork> resnet_network(const ResNetConfig& config, const ImagePreprocess& preprocess,
                                    std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  const bool torch = config.kind == ResNetKind::torchvision;
  ImageNetwork network{
      {torch ? TensorStyle::torch : TensorStyle::keras, torch ? 1e-5 : kKerasResNetEpsilon}, preprocess, {}};
  NetBuilder& net = network.net;
  const Value pictures = net.pictures(size.h, size.w);
  const auto trunk = torch                              ? torchvision_resnet_trunk
                     : config.kind == ResNetKind::keras ? keras_resnet_trunk
                                                        : keras_resnet_v2_trunk;
  const Value features = net.mean("avg_pool", trunk(net, config.sizes, pictures));
  network.outputs.push_back({"features", features});
  if (config.classes > 0) {
    network.outputs.push_back({"logits", net.linear(torch ? "fc" : "predictions", features, config.classes)});
  }
  INK_TRY_STATUS(net.graph.status());
  return network;
}

Result<ImageNetwork> describe_resnet(const WeightStore& store) {
  INK_TRY(const ResNetConfig config, ResNetConfig::from_json(store.metadata(kConfigKey), store.origin()));
  INK_TRY(const ImagePreprocess preprocess, preprocess_of(store, resnet_preset(config)));
  return resnet_network(config, preprocess, store.origin());
}

}  // namespace ink
