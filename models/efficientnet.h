#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/image_network.h"

namespace ink {

inline constexpr std::string_view kEfficientNetArchitecture = "efficientnet";

// EfficientNet B0 to B7 of keras.applications, which normalises pictures itself, and of transformers, which
// leaves that to the processor.
struct EfficientNetConfig {
  TensorStyle style = TensorStyle::keras;
  int stem = 32, top = 1280;
  // By stage. ratio: by how much the first convolution of a block widens it, 1: there is none.
  std::vector<int> repeats, kernels, strides, ratios, outs;
  // Convolutions of stride 2, the stem's first and then one for each stage: whether the zeros round the map
  // are one fewer at the top and on the left, as a map of even size wants it. The authors' own size decides
  // that, not the size at hand.
  std::vector<int> even;
  // What keras.applications multiplies pictures by behind their normalisation, where it does: three numbers.
  std::vector<double> correction;
  int classes = 0;

  bool operator==(const EfficientNetConfig&) const = default;
  std::string json() const;
  static Result<EfficientNetConfig> from_json(std::string_view json, std::string_view origin);
};

// Outputs: features (mean of the last map), last_block (mean of the map before the last convolution), logits
// where there is a classifier. Error: the input is too small.
Result<ImageNetwork> efficientnet_network(const EfficientNetConfig& config, const ImagePreprocess& preprocess,
                                          std::string_view origin);
Result<ImageNetwork> describe_efficientnet(const WeightStore& store);

// The side of the pictures that B0 to B7 were trained on, by the sum of repeats; 224 for others.
int efficientnet_side(const EfficientNetConfig& config);

}  // namespace ink
