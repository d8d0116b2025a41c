#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/image_network.h"

namespace ink {

inline constexpr std::string_view kVggArchitecture = "vgg";

// VGG of keras.applications ("block1_conv1", "fc1") and of torchvision ("features.0", "classifier.0").
struct VggConfig {
  TensorStyle style = TensorStyle::torch;
  std::vector<int> convs, widths;  // by stage, behind each of which stands a 2x2 maximum
  bool batch_norm = false;         // torchvision's vgg16_bn
  std::vector<int> hidden;         // the two layers before the classifier; empty where there is none
  int classes = 0;

  bool operator==(const VggConfig&) const = default;
  std::string json() const;
  static Result<VggConfig> from_json(std::string_view json, std::string_view origin);
};

// Outputs: features (mean of the last map) and, where there is a classifier, fc2 (what it looks at) and
// logits. Error: the input is too small; torchvision's classifier needs a last map of 7x7.
Result<ImageNetwork> vgg_network(const VggConfig& config, const ImagePreprocess& preprocess,
                                 std::string_view origin);
Result<ImageNetwork> describe_vgg(const WeightStore& store);

ImagePreprocess vgg_preset(const VggConfig& config);

}  // namespace ink
