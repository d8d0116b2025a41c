#pragma once

#include <string>
#include <string_view>

#include "models/blocks/resnet_trunk.h"
#include "models/image_network.h"

namespace ink {

inline constexpr std::string_view kResNetArchitecture = "resnet";

enum class ResNetKind { torchvision, keras, keras_v2 };

// torchvision's ResNets (also wide and with groups), SimCLR's encoder, and those of keras.applications, V1
// and V2.
struct ResNetConfig {
  ResNetKind kind = ResNetKind::torchvision;
  ResNetSizes sizes;
  int classes = 0;  // 0: there is no classifier

  bool operator==(const ResNetConfig&) const = default;
  std::string json() const;
  static Result<ResNetConfig> from_json(std::string_view json, std::string_view origin);
};

// Outputs: features (mean of the last map), logits where there is a classifier. Error: the input is too
// small.
Result<ImageNetwork> resnet_network(const ResNetConfig& config, const ImagePreprocess& preprocess,
                                    std::string_view origin);
Result<ImageNetwork> describe_resnet(const WeightStore& store);

// What the family's own evaluation does.
ImagePreprocess resnet_preset(const ResNetConfig& config);

}  // namespace ink
