#include "converters/vgg_layers.h"

#include <algorithm>
#include <cmath>

#include "converters/keras_config.h"
#include "converters/named_tensors.h"
#include "models/vgg.h"
#include "weights/message.h"

namespace ink {

namespace {

Result<std::optional<Recognised>> recognised(const VggConfig& config, const ImagePreprocess& preprocess,
                                             const NamedTensors& tensors, const TensorSource& source) {
  INK_TRY_STATUS(VggConfig::from_json(config.json(), source.origin()).status());
  INK_TRY(ImageNetwork network, vgg_network(config, preprocess, source.origin()));
  tensors.bind(network.net.tensors);
  return std::optional(Recognised{
      std::string(kVggArchitecture), config.json(), preprocess.json(), std::move(network.net.tensors),
      [](std::string_view name) { return name.ends_with(".num_batches_tracked"); }});
}

Result<std::optional<Recognised>> recognise_keras(const TensorSource& source) {
  const NamedTensors tensors = NamedTensors::keras(source);
  VggConfig config;
  config.style = TensorStyle::keras;
  for (int stage = 1;; ++stage) {
    const auto first = tensors.shape(concat("block", stage, "_conv1/kernel"), 4);
    if (!first) break;
    config.widths.push_back((*first)[3]);
    int convs = 1;
    while (tensors.has(concat("block", stage, "_conv", convs + 1, "/kernel"))) ++convs;
    config.convs.push_back(convs);
  }
  if (config.convs.empty()) return std::optional<Recognised>();
  ImagePreprocess preprocess = vgg_preset(config);
  const auto said = KerasConfig(source).input_size();
  if (said) preprocess.size = *said;
  const auto fc1 = tensors.shape("fc1/kernel", 2), fc2 = tensors.shape("fc2/kernel", 2);
  const auto classifier = tensors.shape("predictions/kernel", 2);
  if (fc1 && fc2 && classifier) {
    config.hidden = {(*fc1)[1], (*fc2)[1]};
    config.classes = (*classifier)[1];
    // Without a configuration the first layer tells the map, if that is a square.
    const int pixels = (*fc1)[0] / config.widths.back();
    const int side = static_cast<int>(std::lround(std::sqrt(pixels)));
    const int shrunk = 1 << std::min<size_t>(config.convs.size(), 16);
    if (!said && side * side == pixels && side < 1 << 10) {
      preprocess.size = {side * shrunk, side * shrunk};
    }
  }
  return recognised(config, preprocess, tensors, source);
}

Result<std::optional<Recognised>> recognise_torchvision(const TensorSource& source) {
  for (const std::string_view prefix : {"", "module.", "model."}) {
    const NamedTensors tensors = NamedTensors::behind(source, prefix);
    if (!tensors.shape("features.0.weight", 4) || !tensors.has("features.0.bias")) continue;
    VggConfig config;
    config.style = TensorStyle::torch;
    config.batch_norm = tensors.has("features.1.running_mean");
    const int activation = config.batch_norm ? 2 : 1;  // behind a convolution
    for (int index = 0;;) {
      const auto conv = tensors.shape(concat("features.", index, ".weight"), 4);
      if (!conv) break;
      config.convs.push_back(0);
      config.widths.push_back((*conv)[0]);
      while (tensors.shape(concat("features.", index, ".weight"), 4)) {
        ++config.convs.back();
        index += activation + 1;
      }
      ++index;  // the pool
    }
    const auto fc1 = tensors.shape("classifier.0.weight", 2), fc2 = tensors.shape("classifier.3.weight", 2);
    const auto classifier = tensors.shape("classifier.6.weight", 2);
    if (!fc1 || !fc2 || !classifier) continue;  // other sequences of convolutions have the same names
    config.hidden = {(*fc1)[0], (*fc2)[0]};
    config.classes = (*classifier)[0];
    return recognised(config, vgg_preset(config), tensors, source);
  }
  return std::optional<Recognised>();
}

}  // namespace

Result<std::optional<Recognised>> recognise_vgg_model(const TensorSource& source,
                                                      const RecogniseOptions& options) {
  if (!options.architecture.empty() && options.architecture != kVggArchitecture) {
    return std::optional<Recognised>();
  }
  INK_TRY(std::optional<Recognised> found, recognise_keras(source));
  if (found) return found;
  return recognise_torchvision(source);
}

}  // namespace ink
