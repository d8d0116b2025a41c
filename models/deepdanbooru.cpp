#include "models/deepdanbooru.h"

#include <algorithm>
#include <numeric>

#include "models/config_json.h"
#include "models/json_fields.h"
#include "models/model.h"
#include "weights/message.h"

namespace ink {

namespace {

using Head = DeepDanbooruConfig::Head;

constexpr int kMostChannels = 1 << 16, kMostBlocks = 512;
constexpr double kEpsilon = 1e-3;
// illust_style2vec looks at these, which have to have the same channels.
constexpr size_t kStyleBlocks = 3;

const char* head_name(Head head) {
  switch (head) {
    case Head::none: return "none";
    case Head::conv: return "conv";
    case Head::dense: return "dense";
  }
  return "?";
}

// Numbers layers in the order in which the original makes them.
class Layers {
 public:
  explicit Layers(NetBuilder& net) : net_(net) {}

  Value conv_norm(Value x, int oc, int kernel, int stride) {
    const std::string number = suffix();
    const Padding padding = Padding::same(net_.shape(x), kernel, stride);
    x = net_.conv("conv2d" + number, x, {.oc = oc, .kernel = kernel, .stride = stride, .padding = padding});
    ++made_;
    return net_.batch_norm("batch_normalization" + number, x);
  }
  Value conv_norm_relu(Value x, int oc, int kernel, int stride) {
    x = conv_norm(x, oc, kernel, stride);
    return net_.relu(concat("relu_", made_), x);
  }
  // The head's convolution behind the mean rather than before it: the same sums, of one pixel.
  Value head(Value mean, int classes) { return net_.pointwise("conv2d" + suffix(), mean, classes, false); }

  // A block up to its sum, before the ReLU.
  Value block(Value x, int width, int filters, int stride, bool first) {
    const Value a = conv_norm_relu(x, width, 1, 1);
    const Value b = conv_norm_relu(a, width, 3, stride);
    const Value c = conv_norm(b, filters, 1, 1);
    const Value shortcut = first ? conv_norm(x, filters, 1, stride) : x;
    const std::string name = added_ == 0 ? "add" : concat("add_", added_);
    ++added_;
    return net_.add(name, c, shortcut);
  }

 private:
  std::string suffix() const { return made_ == 0 ? "" : concat("_", made_); }

  NetBuilder& net_;
  int made_ = 0, added_ = 0;
};

// Gram matrix of each, its largest value by row, and the largest of the three.
Value style(NetBuilder& net, std::span<const Value> sums) {
  Value largest;
  for (size_t i = 0; i < kStyleBlocks; ++i) {
    const Value gram = net.graph.add(concat("gram_", i), ink::gram(), {sums[i]});
    const Value row = net.graph.add(concat("gram_max_", i), row_max(), {gram});
    largest = i == 0 ? row : net.graph.add(concat("style_", i), binary(BinaryOp::max), {largest, row});
  }
  return largest;
}

}  // namespace

int DeepDanbooruConfig::block_count() const { return std::accumulate(blocks.begin(), blocks.end(), 0); }

std::string DeepDanbooruConfig::json() const {
  return JsonObject()
      .integers("blocks", blocks)
      .integer("classes", classes)
      .integers("filters", filters)
      .text("head", head_name(head))
      .integer("stem", stem)
      .integer("vector_block", vector_block)
      .integers("widths", widths)
      .json();
}

Result<DeepDanbooruConfig> DeepDanbooruConfig::from_json(std::string_view json, std::string_view origin) {
  ConfigReader reader(json, kDeepDanbooruArchitecture, origin);
  DeepDanbooruConfig config;
  config.blocks = reader.integers("blocks", 1, 16, 1, kMostBlocks);
  const size_t stages = config.blocks.size();
  config.widths = reader.integers("widths", stages, stages, 1, kMostChannels);
  config.filters = reader.integers("filters", stages, stages, 1, kMostChannels);
  config.stem = reader.integer("stem", 1, kMostChannels);
  const std::string head = reader.word("head", {"none", "conv", "dense"});
  config.head = head == "none" ? Head::none : head == "conv" ? Head::conv : Head::dense;
  config.classes = reader.integer("classes", 0, 1 << 20);
  config.vector_block = reader.integer("vector_block", -1, config.block_count() - 1);
  reader.expect((config.head == Head::none) == (config.classes == 0), "classes where there is a head");
  if (!reader.status().ok()) return reader.status().error();
  return config;
}

Result<ImageNetwork> deepdanbooru_network(const DeepDanbooruConfig& config, const ImagePreprocess& preprocess,
                                          std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  ImageNetwork network{{TensorStyle::keras, kEpsilon}, preprocess, {}};
  NetBuilder& net = network.net;
  Layers layers(net);
  Value x = layers.conv_norm_relu(net.pictures(size.h, size.w), config.stem, 7, 2);
  x = net.max_pool("max_pooling2d", x, 3, 2, Padding::same(net.shape(x), 3, 2));
  std::vector<Value> sums;
  for (size_t stage = 0; stage < config.blocks.size(); ++stage) {
    for (int block = 0; block < config.blocks[stage]; ++block) {
      const bool first = block == 0;
      const int stride = first && stage > 0 ? 2 : 1;
      sums.push_back(layers.block(x, config.widths[stage], config.filters[stage], stride, first));
      x = net.relu(concat("sum_relu_", sums.size()), sums.back());
    }
  }
  if (config.vector_block >= 0) {
    network.outputs.push_back(
        {"illust2vec", net.mean("illust2vec", sums[static_cast<size_t>(config.vector_block)])});
  }
  if (config.head == Head::conv) {
    const Value logits = layers.head(net.mean("global_average_pooling2d", x), config.classes);
    network.outputs.push_back({"tags", net.activate("tags", logits, Activation::sigmoid)});
  } else if (config.head == Head::dense) {
    x = net.graph.add("ap_final", pool({PoolKind::average, 7, 7, 7, 7, 0, 0, 0, 0, false}), {x});
    network.outputs.push_back(
        {"tags", net.activate("tags", net.dense("dense", x, config.classes), Activation::sigmoid)});
  }
  if (config.blocks[0] >= static_cast<int>(kStyleBlocks)) {
    network.outputs.push_back({"illust_style2vec", style(net, sums)});
  }
  INK_TRY_STATUS(net.graph.status());
  return network;
}

Result<ImageNetwork> describe_deepdanbooru(const WeightStore& store) {
  INK_TRY(const DeepDanbooruConfig config,
          DeepDanbooruConfig::from_json(store.metadata(kConfigKey), store.origin()));
  INK_TRY(const ImagePreprocess preprocess, preprocess_of(store, presets::acg2vec()));
  return deepdanbooru_network(config, preprocess, store.origin());
}

}  // namespace ink
