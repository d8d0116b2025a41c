#include "converters/resnet_layers.h"

#include <algorithm>
#include <array>

#include "converters/keras_config.h"
#include "models/resnet.h"
#include "weights/message.h"

namespace ink {

namespace {

// What wrappers, trainers and self-supervised methods put before a torchvision ResNet's names.
constexpr std::string_view kSimclr = "simclr";

constexpr std::array<std::string_view, 6> kPrefixes = {"",          "module.",  "model.",
                                                       "backbone.", "encoder.", "resnet."};

Result<std::optional<Recognised>> recognised(const ResNetConfig& config, const ImagePreprocess& preprocess,
                                             const NamedTensors& tensors, const TensorSource& source,
                                             std::function<bool(std::string_view)> may_be_left_over) {
  // What the shapes say has to make sense as a model file's configuration has to.
  INK_TRY_STATUS(ResNetConfig::from_json(config.json(), source.origin()).status());
  INK_TRY(ImageNetwork network, resnet_network(config, preprocess, source.origin()));
  tensors.bind(network.net.tensors);
  return std::optional(Recognised{std::string(kResNetArchitecture), config.json(), preprocess.json(),
                                  std::move(network.net.tensors), std::move(may_be_left_over)});
}

bool is_counter(std::string_view name) { return name.ends_with(".num_batches_tracked"); }

std::optional<ResNetSizes> torchvision_sizes(const NamedTensors& tensors) {
  ResNetSizes sizes;
  const auto stem = tensors.shape("conv1.weight", 4);
  if (!stem || (*stem)[1] != 3) return std::nullopt;
  sizes.stem = (*stem)[0];
  sizes.stem_kernel = (*stem)[2];
  sizes.bottleneck = tensors.has("layer1.0.conv3.weight");
  for (int stage = 1;; ++stage) {
    const std::string first = concat("layer", stage, ".0.");
    const auto narrow = tensors.shape(first + "conv1.weight", 4);
    if (!narrow) break;
    const auto square = tensors.shape(first + "conv2.weight", 4);
    const auto last = sizes.bottleneck ? tensors.shape(first + "conv3.weight", 4) : square;
    if (!square || !last) return std::nullopt;
    if (sizes.bottleneck) sizes.groups = std::max(1, (*square)[0] / (*square)[1]);
    sizes.widths.push_back((*narrow)[0]);
    sizes.outs.push_back((*last)[0]);
    int blocks = 1;
    while (tensors.has(concat("layer", stage, ".", blocks, ".conv1.weight"))) ++blocks;
    sizes.blocks.push_back(blocks);
  }
  if (sizes.blocks.empty()) return std::nullopt;
  return sizes;
}

Result<std::optional<Recognised>> recognise_torchvision(const TensorSource& source, bool simclr_asked_for) {
  for (const std::string_view prefix : kPrefixes) {
    const NamedTensors tensors = NamedTensors::behind(source, prefix);
    if (!tensors.has("conv1.weight") || !tensors.has("bn1.running_var")) continue;
    // OpenAI's CLIP has ResNets with a stem of three convolutions.
    if (tensors.has("conv2.weight") || !tensors.has("layer1.0.conv1.weight")) continue;
    ResNetConfig config;
    const std::optional<ResNetSizes> sizes = torchvision_sizes(tensors);
    if (!sizes) continue;
    config.sizes = *sizes;
    // SimCLR as pytorch-lightning-bolts has it: beside the encoder the head that is trained with it, and in
    // the encoder a classifier that is never trained.
    const bool simclr =
        simclr_asked_for ||
        (prefix == "encoder." && std::ranges::any_of(source.tensors(), [](const SourceTensor& tensor) {
           return tensor.name.starts_with("projection.");
         }));
    const auto classifier = tensors.shape("fc.weight", 2);
    if (classifier && !simclr) config.classes = (*classifier)[0];
    const auto may_be_left_over = [simclr](std::string_view name) {
      return is_counter(name) ||
             (simclr && (name.starts_with("projection.") || name.starts_with("encoder.fc.")));
    };
    return recognised(config, simclr ? presets::simclr() : resnet_preset(config), tensors, source,
                      may_be_left_over);
  }
  return std::optional<Recognised>();
}

Result<std::optional<Recognised>> recognise_keras(const TensorSource& source) {
  const NamedTensors tensors = NamedTensors::keras(source);
  const std::optional<ResNetSizes> sizes = keras_resnet_sizes(tensors);
  if (!sizes) return std::optional<Recognised>();
  ResNetConfig config;
  config.kind = tensors.has("post_bn/gamma") ? ResNetKind::keras_v2 : ResNetKind::keras;
  config.sizes = *sizes;
  if (const auto classifier = tensors.shape("predictions/kernel", 2)) config.classes = (*classifier)[1];
  ImagePreprocess preprocess = resnet_preset(config);
  if (const auto said = KerasConfig(source).input_size()) preprocess.size = *said;
  return recognised(config, preprocess, tensors, source, {});
}

}  // namespace

std::optional<ResNetSizes> keras_resnet_sizes(const NamedTensors& tensors) {
  ResNetSizes sizes;
  const auto stem = tensors.shape("conv1_conv/kernel", 4);
  if (!stem) return std::nullopt;
  sizes.stem = (*stem)[3];
  for (int stage = 2;; ++stage) {
    const auto narrow = tensors.shape(concat("conv", stage, "_block1_1_conv/kernel"), 4);
    const auto last = tensors.shape(concat("conv", stage, "_block1_3_conv/kernel"), 4);
    if (!narrow || !last) break;
    sizes.widths.push_back((*narrow)[3]);
    sizes.outs.push_back((*last)[3]);
    int blocks = 1;
    while (tensors.has(concat("conv", stage, "_block", blocks + 1, "_1_conv/kernel"))) ++blocks;
    sizes.blocks.push_back(blocks);
  }
  if (sizes.blocks.empty()) return std::nullopt;
  return sizes;
}

Result<std::optional<Recognised>> recognise_resnet_model(const TensorSource& source,
                                                         const RecogniseOptions& options) {
  const bool simclr = options.architecture == kSimclr;
  if (!options.architecture.empty() && options.architecture != kResNetArchitecture && !simclr) {
    return std::optional<Recognised>();
  }
  INK_TRY(std::optional<Recognised> found, recognise_torchvision(source, simclr));
  if (found || simclr) return found;
  return recognise_keras(source);
}

}  // namespace ink
