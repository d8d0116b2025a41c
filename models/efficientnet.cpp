#include "models/efficientnet.h"

#include <algorithm>
#include <numeric>

#include "models/config_json.h"
#include "models/json_fields.h"
#include "models/model.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr int kMostChannels = 1 << 16;
constexpr double kEpsilon = 1e-3;
constexpr int kSqueeze = 4;  // the middle of squeeze and excite is a quarter of what comes into the block

// Names of a block's layers in the two releases, behind the block's own name.
struct BlockNames {
  const char *expand, *expand_norm, *depthwise, *depthwise_norm, *reduce, *excite, *project, *project_norm;
};

constexpr BlockNames kKerasNames = {"expand_conv", "expand_bn", "dwconv",       "bn",
                                    "se_reduce",   "se_expand", "project_conv", "project_bn"};
constexpr BlockNames kTorchNames = {"expansion.expand_conv",         "expansion.expand_bn",
                                    "depthwise_conv.depthwise_conv", "depthwise_conv.depthwise_norm",
                                    "squeeze_excite.reduce",         "squeeze_excite.expand",
                                    "projection.project_conv",       "projection.project_bn"};

struct Block {
  std::string name;
  int kernel, stride, ratio, out;
  bool even;
  bool first;  // of its stage
};

Padding padding_of(int kernel, int stride, bool even) {
  const int half = kernel / 2, before = stride == 2 && even ? half - 1 : half;
  return {{before, before, half, half}};
}

Value block(NetBuilder& net, const Block& block, Value x) {
  const bool torch = net.style() == TensorStyle::torch;
  const BlockNames& names = torch ? kTorchNames : kKerasNames;
  const int ic = net.shape(x).c, wide = ic * block.ratio;
  const Value in = x;
  if (block.ratio != 1) {
    x = net.batch_norm(block.name + names.expand_norm, net.conv(block.name + names.expand, x, {.oc = wide}));
    x = net.activate(block.name + "expand_silu", x, Activation::silu);
  }
  x = net.conv(block.name + names.depthwise, x,
               {.oc = wide,
                .kernel = block.kernel,
                .stride = block.stride,
                .padding = padding_of(block.kernel, block.stride, block.even),
                .groups = net.shape(x).c});
  x = net.batch_norm(block.name + names.depthwise_norm, x);
  x = net.activate(block.name + "silu", x, Activation::silu);
  Value gate = net.mean(block.name + "squeeze", x);
  gate = net.pointwise(block.name + names.reduce, gate, std::max(1, ic / kSqueeze), true);
  gate = net.activate(block.name + "reduce_silu", gate, Activation::silu);
  gate = net.pointwise(block.name + names.excite, gate, wide, true);
  gate = net.activate(block.name + "sigmoid", gate, Activation::sigmoid);
  x = net.multiply(block.name + "excite", x, gate);
  x = net.batch_norm(block.name + names.project_norm,
                     net.conv(block.name + names.project, x, {.oc = block.out}));
  const bool skip = block.stride == 1 && (torch ? !block.first : ic == block.out);
  return skip ? net.add(block.name + "add", x, in) : x;
}

}  // namespace

std::string EfficientNetConfig::json() const {
  return JsonObject()
      .integer("classes", classes)
      .numbers("correction", correction)
      .integers("even", even)
      .integers("kernels", kernels)
      .text("kind", style == TensorStyle::torch ? "transformers" : "keras")
      .integers("outs", outs)
      .integers("ratios", ratios)
      .integers("repeats", repeats)
      .integer("stem", stem)
      .integers("strides", strides)
      .integer("top", top)
      .json();
}

Result<EfficientNetConfig> EfficientNetConfig::from_json(std::string_view json, std::string_view origin) {
  ConfigReader reader(json, kEfficientNetArchitecture, origin);
  EfficientNetConfig config;
  config.style =
      reader.word("kind", {"keras", "transformers"}) == "keras" ? TensorStyle::keras : TensorStyle::torch;
  config.repeats = reader.integers("repeats", 1, 16, 1, 26);
  const size_t stages = config.repeats.size();
  config.kernels = reader.integers("kernels", stages, stages, 1, 15);
  config.strides = reader.integers("strides", stages, stages, 1, 2);
  config.ratios = reader.integers("ratios", stages, stages, 1, 64);
  config.outs = reader.integers("outs", stages, stages, 1, 1 << 12);
  config.even = reader.integers("even", stages + 1, stages + 1, 0, 1);
  config.correction = reader.numbers("correction", 0, 3, 0, 1e6);
  config.stem = reader.integer("stem", 1, 1 << 12);
  config.top = reader.integer("top", 1, kMostChannels);
  config.classes = reader.integer("classes", 0, kMostChannels);
  reader.expect(std::ranges::all_of(config.kernels, [](int k) { return k % 2 == 1; }), "odd kernels");
  reader.expect(
      config.correction.empty() || (config.correction.size() == 3 && config.style == TensorStyle::keras),
      "three numbers in correction, or none");
  if (!reader.status().ok()) return reader.status().error();
  return config;
}

int efficientnet_side(const EfficientNetConfig& config) {
  // B0 to B7 by the number of their blocks; B0 differs from no other in that.
  constexpr struct {
    int stem, blocks, side;
  } kSides[] = {{32, 16, 224}, {32, 23, 240}, {32, 23, 260}, {40, 26, 300},
                {48, 32, 380}, {48, 39, 456}, {56, 45, 528}, {64, 55, 600}};
  const int blocks = std::accumulate(config.repeats.begin(), config.repeats.end(), 0);
  for (const auto& known : kSides) {
    // B1 and B2 have the same stem and blocks: B2 is wider at its top.
    if (known.side == 240 && config.top > 1280) continue;
    if (config.stem == known.stem && blocks == known.blocks) return known.side;
  }
  return 224;
}

Result<ImageNetwork> efficientnet_network(const EfficientNetConfig& config, const ImagePreprocess& preprocess,
                                          std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  const bool torch = config.style == TensorStyle::torch;
  ImageNetwork network{{config.style, kEpsilon}, preprocess, {}};
  NetBuilder& net = network.net;
  Value x = net.pictures(size.h, size.w);
  if (!torch) {
    x = net.graph.add("rescaling", scale(static_cast<float>(1.0 / 255)), {x});
    x = net.standardize("normalization", x);
    if (!config.correction.empty()) {
      x = net.graph.add("correction", scale({config.correction.begin(), config.correction.end()}), {x});
    }
  }
  x = net.conv(
      torch ? "embeddings.convolution" : "stem_conv", x,
      {.oc = config.stem, .kernel = 3, .stride = 2, .padding = padding_of(3, 2, config.even[0] == 1)});
  x = net.batch_norm(torch ? "embeddings.batchnorm" : "stem_bn", x);
  x = net.activate("stem_silu", x, Activation::silu);
  int number = 0;
  for (size_t stage = 0; stage < config.repeats.size(); ++stage) {
    for (int repeat = 0; repeat < config.repeats[stage]; ++repeat) {
      const char letter[] = {static_cast<char>('a' + repeat), 0};
      const std::string name =
          torch ? concat("encoder.blocks.", number, ".") : concat("block", stage + 1, letter, "_");
      ++number;
      const int stride = repeat == 0 ? config.strides[stage] : 1;
      x = block(net,
                {name, config.kernels[stage], stride, config.ratios[stage], config.outs[stage],
                 config.even[stage + 1] == 1, repeat == 0},
                x);
    }
  }
  const Value last_block = x;
  const std::string top = torch ? "encoder." : "";
  x = net.batch_norm(top + "top_bn", net.conv(top + "top_conv", x, {.oc = config.top}));
  x = net.activate("top_silu", x, Activation::silu);
  const Value features = net.mean("avg_pool", x);
  network.outputs.push_back({"features", features});
  network.outputs.push_back({"last_block", net.mean("last_block", last_block)});
  if (config.classes > 0) {
    network.outputs.push_back(
        {"logits", net.linear(torch ? "classifier" : "predictions", features, config.classes)});
  }
  INK_TRY_STATUS(net.graph.status());
  return network;
}

Result<ImageNetwork> describe_efficientnet(const WeightStore& store) {
  INK_TRY(const EfficientNetConfig config,
          EfficientNetConfig::from_json(store.metadata(kConfigKey), store.origin()));
  const int side = efficientnet_side(config);
  INK_TRY(const ImagePreprocess preprocess,
          preprocess_of(store, config.style == TensorStyle::torch ? presets::huggingface_efficientnet(side)
                                                                  : presets::keras_efficientnet(side)));
  return efficientnet_network(config, preprocess, store.origin());
}

}  // namespace ink
