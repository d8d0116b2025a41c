#include "converters/pix2score_layers.h"

#include "converters/keras_config.h"
#include "converters/resnet_layers.h"
#include "models/pix2score.h"

namespace ink {

Result<std::optional<Recognised>> recognise_pix2score_model(const TensorSource& source,
                                                            const RecogniseOptions& options) {
  if (!options.architecture.empty() && options.architecture != kPix2ScoreArchitecture) {
    return std::optional<Recognised>();
  }
  const NamedTensors tensors = NamedTensors::keras(source);
  const auto bookmark = tensors.shape("bookmark_predict/kernel", 2);
  const auto view = tensors.shape("view_predict/kernel", 2);
  const auto sanity = tensors.shape("sanity_predict/kernel", 2);
  const std::optional<ResNetSizes> sizes = keras_resnet_sizes(tensors);
  if (!bookmark || !view || !sanity || !sizes) return std::optional<Recognised>();
  const Pix2ScoreConfig config{*sizes, (*bookmark)[1], (*view)[1], (*sanity)[1]};
  INK_TRY_STATUS(Pix2ScoreConfig::from_json(config.json(), source.origin()).status());
  ImagePreprocess preprocess = presets::acg2vec(224);
  if (const auto said = KerasConfig(source).input_size()) preprocess.size = *said;
  INK_TRY(ImageNetwork network, pix2score_network(config, preprocess, source.origin()));
  tensors.bind(network.net.tensors);
  return std::optional(Recognised{std::string(kPix2ScoreArchitecture),
                                  config.json(),
                                  preprocess.json(),
                                  std::move(network.net.tensors),
                                  {}});
}

}  // namespace ink
