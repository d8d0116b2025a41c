#pragma once

#include <string>
#include <string_view>

#include "models/blocks/resnet_trunk.h"
#include "models/image_network.h"

namespace ink {

inline constexpr std::string_view kPix2ScoreArchitecture = "pix2score";

// pix2score (deepix_v4): ResNet101V2 of keras.applications with three heads, each a distribution over ranges
// of bookmarks, views and sanity levels.
struct Pix2ScoreConfig {
  ResNetSizes sizes;
  int bookmark = 15, view = 15, sanity = 5;  // ranges

  bool operator==(const Pix2ScoreConfig&) const = default;
  std::string json() const;
  static Result<Pix2ScoreConfig> from_json(std::string_view json, std::string_view origin);
};

// Outputs: bookmark_predict, view_predict, sanity_predict, features. Error: the input is too small.
Result<ImageNetwork> pix2score_network(const Pix2ScoreConfig& config, const ImagePreprocess& preprocess,
                                       std::string_view origin);
Result<ImageNetwork> describe_pix2score(const WeightStore& store);

}  // namespace ink
