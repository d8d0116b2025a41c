#include "models/pix2score.h"

#include "models/config_json.h"
#include "models/json_fields.h"
#include "models/model.h"

namespace ink {

namespace {

constexpr int kMostChannels = 1 << 16, kMostBlocks = 512;

}  // namespace

std::string Pix2ScoreConfig::json() const {
  return JsonObject()
      .integers("blocks", sizes.blocks)
      .integer("bookmark", bookmark)
      .integers("outs", sizes.outs)
      .integer("sanity", sanity)
      .integer("stem", sizes.stem)
      .integer("view", view)
      .integers("widths", sizes.widths)
      .json();
}

Result<Pix2ScoreConfig> Pix2ScoreConfig::from_json(std::string_view json, std::string_view origin) {
  ConfigReader reader(json, kPix2ScoreArchitecture, origin);
  Pix2ScoreConfig config;
  config.sizes.blocks = reader.integers("blocks", 1, 16, 2, kMostBlocks);
  const size_t stages = config.sizes.blocks.size();
  config.sizes.widths = reader.integers("widths", stages, stages, 1, kMostChannels);
  config.sizes.outs = reader.integers("outs", stages, stages, 1, kMostChannels);
  config.sizes.stem = reader.integer("stem", 1, kMostChannels);
  config.bookmark = reader.integer("bookmark", 1, kMostChannels);
  config.view = reader.integer("view", 1, kMostChannels);
  config.sanity = reader.integer("sanity", 1, kMostChannels);
  if (!reader.status().ok()) return reader.status().error();
  return config;
}

Result<ImageNetwork> pix2score_network(const Pix2ScoreConfig& config, const ImagePreprocess& preprocess,
                                       std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  ImageNetwork network{{TensorStyle::keras, kKerasResNetEpsilon}, preprocess, {}};
  NetBuilder& net = network.net;
  const Value features =
      net.mean("avg_pool", keras_resnet_v2_trunk(net, config.sizes, net.pictures(size.h, size.w)));
  const auto head = [&](const char* name, int ranges) {
    const Value logits = net.linear(name, features, ranges);
    network.outputs.push_back({name, net.softmax(std::string(name) + "_softmax", logits)});
  };
  head("bookmark_predict", config.bookmark);
  head("view_predict", config.view);
  head("sanity_predict", config.sanity);
  network.outputs.push_back({"features", features});
  INK_TRY_STATUS(net.graph.status());
  return network;
}

Result<ImageNetwork> describe_pix2score(const WeightStore& store) {
  INK_TRY(const Pix2ScoreConfig config,
          Pix2ScoreConfig::from_json(store.metadata(kConfigKey), store.origin()));
  INK_TRY(const ImagePreprocess preprocess, preprocess_of(store, presets::acg2vec(224)));
  return pix2score_network(config, preprocess, store.origin());
}

}  // namespace ink
