#include "converters/efficientnet_layers.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "converters/keras_config.h"
#include "converters/named_tensors.h"
#include "models/efficientnet.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr std::array kStrides = {1, 2, 2, 2, 1, 2, 1};  // of B0 to B7
constexpr int kMostRepeats = 26;

Result<std::optional<Recognised>> recognised(const EfficientNetConfig& config,
                                             const ImagePreprocess& preprocess, const NamedTensors& tensors,
                                             const TensorSource& source,
                                             std::function<bool(std::string_view)> may_be_left_over) {
  INK_TRY_STATUS(EfficientNetConfig::from_json(config.json(), source.origin()).status());
  INK_TRY(ImageNetwork network, efficientnet_network(config, preprocess, source.origin()));
  tensors.bind(network.net.tensors);
  return std::optional(Recognised{std::string(kEfficientNetArchitecture), config.json(), preprocess.json(),
                                  std::move(network.net.tensors), std::move(may_be_left_over)});
}

// Whether each map of stride 2 has an even size in pictures of this side.
void pad_for(int side, EfficientNetConfig& config) {
  config.even.assign(config.repeats.size() + 1, 0);
  const auto halve = [&](size_t place) {
    config.even[place] = side % 2 == 0 ? 1 : 0;
    side = (side + 1) / 2;
  };
  halve(0);
  for (size_t stage = 0; stage < config.strides.size(); ++stage) {
    if (config.strides[stage] == 2) halve(stage + 1);
  }
}

// A stage by its first block: whether its shapes make sense.
bool add_stage(const std::optional<std::vector<int>>& expand, int ratio_axis,
               const std::optional<std::vector<int>>& depthwise, size_t kernel_axis,
               const std::optional<std::vector<int>>& project, size_t out_axis, int ic,
               EfficientNetConfig& config) {
  if (!depthwise || !project) return false;
  const int wide = expand ? (*expand)[static_cast<size_t>(ratio_axis)] : ic;
  if (wide % ic != 0) return false;
  config.ratios.push_back(wide / ic);
  config.kernels.push_back((*depthwise)[kernel_axis]);
  config.outs.push_back((*project)[out_axis]);
  config.repeats.push_back(1);
  return true;
}

std::optional<EfficientNetConfig> keras_sizes(const NamedTensors& tensors) {
  EfficientNetConfig config;
  config.style = TensorStyle::keras;
  const auto stem = tensors.shape("stem_conv/kernel", 4), top = tensors.shape("top_conv/kernel", 4);
  if (!stem || !top || !tensors.has("block1a_dwconv/depthwise_kernel")) return std::nullopt;
  config.stem = (*stem)[3];
  config.top = (*top)[3];
  int ic = config.stem;
  for (int stage = 1;; ++stage) {
    const std::string first = concat("block", stage, "a_");
    if (!tensors.has(first + "project_conv/kernel")) break;
    if (!add_stage(tensors.shape(first + "expand_conv/kernel", 4), 3,
                   tensors.shape(first + "dwconv/depthwise_kernel", 4), 0,
                   tensors.shape(first + "project_conv/kernel", 4), 3, ic, config)) {
      return std::nullopt;
    }
    int& repeats = config.repeats.back();
    while (repeats < kMostRepeats &&
           tensors.has(concat("block", stage, std::string(1, static_cast<char>('a' + repeats)),
                              "_project_conv/kernel"))) {
      ++repeats;
    }
    ic = config.outs.back();
  }
  if (const auto head = tensors.shape("predictions/kernel", 2)) config.classes = (*head)[1];
  return config;
}

// keras.applications multiplies once more where it has ImageNet's weights, whose variances are the standard
// deviations. Weights without a configuration show it by these.
std::vector<double> imagenet_factors(const TensorSource& source) {
  constexpr float kDeviations[] = {0.229f, 0.224f, 0.225f};
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    if (tensor.name.find("normalization") == std::string::npos ||
        tensor.name.find("batch") != std::string::npos || tensor.name.find("variance") == std::string::npos ||
        tensor.dtype != DType::f32 || tensor.shape != std::vector<int64_t>{3}) {
      continue;
    }
    const Result<SourceBytes> data = source.read(i);
    if (!data.ok()) return {};
    std::vector<double> factors;
    for (size_t c = 0; c < 3; ++c) {
      float variance = 0;
      std::memcpy(&variance, data->bytes.data() + c * sizeof(float), sizeof(float));
      if (std::abs(variance - kDeviations[c]) > 1e-4f) return {};
      factors.push_back(1 / std::sqrt(static_cast<double>(kDeviations[c])));
    }
    return factors;
  }
  return {};
}

Result<std::optional<Recognised>> recognise_keras(const TensorSource& source) {
  NamedTensors tensors = NamedTensors::keras(source);
  tensors.renumber("normalization");
  std::optional<EfficientNetConfig> config = keras_sizes(tensors);
  if (!config) return std::optional<Recognised>();
  const KerasConfig said(source);
  const size_t stages = config->repeats.size();
  for (size_t stage = 0; stage < stages; ++stage) {
    const auto stride = said.stride(concat("block", stage + 1, "a_dwconv"));
    if (!stride && stages != kStrides.size()) {
      return model_error(source.origin(), ": an EfficientNet of ", stages,
                         " stages, whose strides no configuration says; B0 to B7 have ", kStrides.size());
    }
    config->strides.push_back(stride.value_or(kStrides[stage % kStrides.size()]));
  }
  config->correction = said.there() ? said.channel_factors() : imagenet_factors(source);
  const PictureSize size =
      said.input_size().value_or(PictureSize{efficientnet_side(*config), efficientnet_side(*config)});
  pad_for(size.h, *config);
  const auto pad = [&](size_t place, const std::string& layer) {
    if (const auto less = said.pads_less_before(layer)) config->even[place] = *less ? 1 : 0;
  };
  pad(0, "stem_conv_pad");
  for (size_t stage = 0; stage < stages; ++stage) {
    pad(stage + 1, concat("block", stage + 1, "a_dwconv_pad"));
  }
  ImagePreprocess preprocess = presets::keras_efficientnet();
  preprocess.size = size;
  // How many pictures the normalisation has seen, and the state of Keras 3's random dropouts.
  return recognised(*config, preprocess, tensors, source, [](std::string_view name) {
    const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
    return (has("normalization") && !has("batch")) || has("seed_generator");
  });
}

// What the config.json of transformers says of strides and paddings.
struct SaidByTransformers {
  std::vector<int> repeats, strides, square;  // square: blocks that pad as maps of odd size want it
  int image_size = 0;

  static SaidByTransformers read(const TensorSource& source);
};

SaidByTransformers SaidByTransformers::read(const TensorSource& source) {
  SaidByTransformers said;
  const auto text = std::ranges::find(source.texts(), "config.json", &SourceText::name);
  if (text == source.texts().end()) return said;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text->text.data(), text->text.size());
  if (document.HasParseError() || !document.IsObject()) return said;
  const rapidjson::Value& json = document;
  const auto list = [&](const char* key) {
    std::vector<int> values;
    const auto found = json.FindMember(key);
    if (found == json.MemberEnd() || !found->value.IsArray()) return values;
    for (const auto& item : found->value.GetArray()) values.push_back(item.IsInt() ? item.GetInt() : -1);
    return values;
  };
  said.strides = list("strides");
  said.square = list("depthwise_padding");
  const auto depth = json.FindMember("depth_coefficient");
  const double factor = depth != json.MemberEnd() && depth->value.IsNumber() ? depth->value.GetDouble() : 1;
  for (const int repeats : list("num_block_repeats")) {
    said.repeats.push_back(static_cast<int>(std::clamp(std::ceil(factor * repeats), 0.0, 100.0)));
  }
  const auto size = json.FindMember("image_size");
  if (size != json.MemberEnd() && size->value.IsInt()) said.image_size = size->value.GetInt();
  return said;
}

std::optional<EfficientNetConfig> torch_sizes(const NamedTensors& tensors, const SaidByTransformers& said) {
  EfficientNetConfig config;
  config.style = TensorStyle::torch;
  const auto stem = tensors.shape("embeddings.convolution.weight", 4);
  const auto top = tensors.shape("encoder.top_conv.weight", 4);
  if (!stem || !top) return std::nullopt;
  config.stem = (*stem)[0];
  config.top = (*top)[0];
  int ic = config.stem;
  for (int number = 0;; ++number) {
    const std::string block = concat("encoder.blocks.", number, ".");
    const auto project = tensors.shape(block + "projection.project_conv.weight", 4);
    if (!project) break;
    const size_t stage = config.repeats.size();
    // A stage ends where the configuration says so, or the width changes.
    const bool same =
        stage > 0 && (stage <= said.repeats.size() ? config.repeats.back() < said.repeats[stage - 1]
                                                   : (*project)[0] == config.outs.back());
    if (same) {
      ++config.repeats.back();
    } else if (!add_stage(tensors.shape(block + "expansion.expand_conv.weight", 4), 0,
                          tensors.shape(block + "depthwise_conv.depthwise_conv.weight", 4), 2, project, 0, ic,
                          config)) {
      return std::nullopt;
    }
    ic = (*project)[0];
  }
  return config;
}

Result<std::optional<Recognised>> recognise_transformers(const TensorSource& source) {
  const bool classifies = std::ranges::any_of(source.tensors(), [](const SourceTensor& tensor) {
    return tensor.name == "efficientnet.embeddings.convolution.weight";
  });
  const NamedTensors tensors = NamedTensors::behind(source, classifies ? "efficientnet." : "");
  const SaidByTransformers said = SaidByTransformers::read(source);
  std::optional<EfficientNetConfig> config = torch_sizes(tensors, said);
  if (!config) return std::optional<Recognised>();
  const size_t stages = config->repeats.size();
  if (said.strides.size() == stages) {
    config->strides = said.strides;
  } else if (stages == kStrides.size()) {
    config->strides.assign(kStrides.begin(), kStrides.end());
  } else {
    return model_error(source.origin(), ": an EfficientNet of ", stages,
                       " stages, whose strides no config.json says; B0 to B7 have ", kStrides.size());
  }
  const int side = said.image_size > 0 ? said.image_size : efficientnet_side(*config);
  pad_for(side, *config);
  if (!said.strides.empty()) {
    config->even[0] = 1;
    int number = 0;
    for (size_t stage = 0; stage < stages; ++stage) {
      config->even[stage + 1] =
          config->strides[stage] == 2 && std::ranges::find(said.square, number) == said.square.end() ? 1 : 0;
      number += config->repeats[stage];
    }
  }
  ImagePreprocess preprocess = presets::huggingface_efficientnet(side);
  const auto processor = std::ranges::find(source.texts(), "preprocessor_config.json", &SourceText::name);
  if (processor != source.texts().end()) {
    INK_TRY(preprocess, preprocess_from_hf(processor->text, "efficientnet", source.origin()));
  }
  NamedTensors all = tensors;
  if (classifies) {
    all.add(NamedTensors::behind(source, "classifier."), "classifier.");
    if (const auto head = all.shape("classifier.weight", 2)) config->classes = (*head)[0];
  }
  return recognised(*config, preprocess, all, source,
                    [](std::string_view name) { return name.ends_with(".num_batches_tracked"); });
}

}  // namespace

Result<std::optional<Recognised>> recognise_efficientnet_model(const TensorSource& source,
                                                               const RecogniseOptions& options) {
  if (!options.architecture.empty() && options.architecture != kEfficientNetArchitecture) {
    return std::optional<Recognised>();
  }
  INK_TRY(std::optional<Recognised> found, recognise_keras(source));
  if (found) return found;
  return recognise_transformers(source);
}

}  // namespace ink
