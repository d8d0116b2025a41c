#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/image_network.h"

namespace ink {

inline constexpr std::string_view kDeepDanbooruArchitecture = "deepdanbooru";

// DeepDanbooru's ResNets (resnet_152, resnet_custom_v1 to v4), whole or cut as illust2vec and
// illust_style2vec are. Layers keep the names that Keras numbered: conv2d, conv2d_1 ..., each with its batch
// normalisation.
struct DeepDanbooruConfig {
  enum class Head {
    none,
    conv,   // 1x1 without bias, then the mean
    dense,  // behind an average over 7x7
  };

  int stem = 64;
  std::vector<int> blocks, widths, filters;  // by stage
  Head head = Head::conv;
  int classes = 0;
  int vector_block = -1;  // the block, counted from 0 over all stages, whose sum illust2vec is the mean of

  // add_43 in the released models.
  static constexpr int kVectorBlock = 43;

  int block_count() const;
  bool operator==(const DeepDanbooruConfig&) const = default;
  std::string json() const;
  static Result<DeepDanbooruConfig> from_json(std::string_view json, std::string_view origin);
};

// Outputs, as far as the layers are there, the first the default: illust2vec, tags (sigmoids),
// illust_style2vec. Error: the input is too small.
Result<ImageNetwork> deepdanbooru_network(const DeepDanbooruConfig& config, const ImagePreprocess& preprocess,
                                          std::string_view origin);
Result<ImageNetwork> describe_deepdanbooru(const WeightStore& store);

}  // namespace ink
