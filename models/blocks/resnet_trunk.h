#pragma once

#include <vector>

#include "models/blocks/net_builder.h"

namespace ink {

// Of the batch normalisation of keras.applications' ResNets.
inline constexpr double kKerasResNetEpsilon = 1.001e-5;

// The sizes of a ResNet, by stage.
struct ResNetSizes {
  int stem = 64, stem_kernel = 7;  // 3: stride 1 and no pool behind it, for small pictures
  std::vector<int> blocks, widths, outs;
  bool bottleneck = true;  // else two 3x3 convolutions a block, whose widths are outs
  int groups = 1;          // of the 3x3 convolutions

  bool operator==(const ResNetSizes&) const = default;
};

// Each returns the last map, before its mean.

// torchvision.models.resnet: conv1, bn1, layer1.0.conv1 ...; the stride is in the 3x3 convolution.
Value torchvision_resnet_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures);
// keras.applications.resnet: conv1_conv, conv2_block1_1_conv ...; the stride is in the first convolution, and
// all have a bias.
Value keras_resnet_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures);
// keras.applications.resnet_v2, normalised before each convolution. The stride of a stage is in its last
// block, that of the last stage is 1; the zeros around the first pool count.
Value keras_resnet_v2_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures);

}  // namespace ink
