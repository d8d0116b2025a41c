#include "converters/deepdanbooru_layers.h"

#include <cmath>

#include "converters/keras_config.h"
#include "converters/named_tensors.h"
#include "models/deepdanbooru.h"
#include "weights/message.h"

namespace ink {

namespace {

using Head = DeepDanbooruConfig::Head;

// Walks the convolutions in the order of their numbers.
class Reader {
 public:
  explicit Reader(const NamedTensors& tensors) : tensors_(tensors) {}

  std::optional<DeepDanbooruConfig> read() {
    const auto stem = kernel(0);
    if (tensors_.has("conv2d/bias")) return std::nullopt;  // another network whose layers have no names
    if (!stem || (*stem)[0] != 7 || (*stem)[2] != 3 || !has_norm(0)) return std::nullopt;
    DeepDanbooruConfig config;
    config.stem = (*stem)[3];
    int at = 1;
    for (; is_square(at + 1) && kernel(at + 2); at += has_shortcut(at) ? 4 : 3) {
      if (has_shortcut(at)) {
        config.blocks.push_back(0);
        config.widths.push_back((*kernel(at))[3]);
        config.filters.push_back((*kernel(at + 2))[3]);
      }
      if (config.blocks.empty()) return std::nullopt;
      ++config.blocks.back();
    }
    if (config.blocks.empty()) return std::nullopt;
    read_head(at, config);
    // illust2vec is cut behind add_43; where there are more blocks it can be taken from there.
    if (config.block_count() > DeepDanbooruConfig::kVectorBlock) {
      config.vector_block = DeepDanbooruConfig::kVectorBlock;
    } else if (config.head == Head::none && config.block_count() > 3) {
      config.vector_block = config.block_count() - 1;
    }
    return config;
  }

 private:
  std::optional<std::vector<int>> kernel(int number) const {
    return tensors_.shape(numbered_layer("conv2d", number) + "/kernel", 4);
  }
  bool has_norm(int number) const {
    return tensors_.has(numbered_layer("batch_normalization", number) + "/gamma");
  }
  bool is_square(int number) const {
    const auto shape = kernel(number);
    return shape && (*shape)[0] == 3 && has_norm(number);
  }
  // Whether the block whose first convolution is `at` is the first of a stage: behind its three stands a
  // fourth, which does not begin the next block.
  bool has_shortcut(int at) const { return kernel(at + 3) && has_norm(at + 3) && !is_square(at + 4); }

  void read_head(int at, DeepDanbooruConfig& config) const {
    config.head = Head::none;
    if (const auto conv = kernel(at); conv && !has_norm(at)) {
      config.head = Head::conv;
      config.classes = (*conv)[3];
    } else if (const auto dense = tensors_.shape("dense/kernel", 2)) {
      config.head = Head::dense;
      config.classes = (*dense)[1];
    }
  }

  const NamedTensors& tensors_;
};

// Of pictures: as the model says; else that of the released ones, or what leaves as many averages over 7x7 as
// the last layer takes.
PictureSize picture_size(const TensorSource& source, const NamedTensors& tensors,
                         const DeepDanbooruConfig& config) {
  if (const auto said = KerasConfig(source).input_size()) return *said;
  if (config.head == Head::dense) {
    const int places = (*tensors.shape("dense/kernel", 2))[0] / config.filters.back();
    if (places == 1) return {299, 299};
  }
  return {512, 512};
}

}  // namespace

Result<std::optional<Recognised>> recognise_deepdanbooru_model(const TensorSource& source,
                                                               const RecogniseOptions& options) {
  if (!options.architecture.empty() && options.architecture != kDeepDanbooruArchitecture) {
    return std::optional<Recognised>();
  }
  NamedTensors tensors = NamedTensors::keras(source);
  for (const std::string_view base : {"conv2d", "batch_normalization", "dense"}) tensors.renumber(base);
  const std::optional<DeepDanbooruConfig> config = Reader(tensors).read();
  if (!config) return std::optional<Recognised>();
  INK_TRY_STATUS(DeepDanbooruConfig::from_json(config->json(), source.origin()).status());
  ImagePreprocess preprocess = presets::acg2vec();
  preprocess.size = picture_size(source, tensors, *config);
  INK_TRY(ImageNetwork network, deepdanbooru_network(*config, preprocess, source.origin()));
  tensors.bind(network.net.tensors);
  return std::optional(Recognised{std::string(kDeepDanbooruArchitecture),
                                  config->json(),
                                  preprocess.json(),
                                  std::move(network.net.tensors),
                                  {}});
}

}  // namespace ink
