#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/architecture.h"
#include "models/blocks/patch_embedding.h"
#include "models/blocks/transformer.h"
#include "models/model.h"

namespace ink {

// CLIP of any size: a text tower and an image tower, whose vectors can be compared.
//   text:  causal layers over tokens, the row of the end token, norm, projection
//   image: layers over the patches of a picture behind a class row, that row, norm, projection
// Two forms of its weights are released: transformers' (query, key and value apart) and OpenAI's (joined, the
// projections transposed).

inline constexpr std::string_view kClipArchitecture = "clip";

struct ClipConfig {
  struct Text {
    TransformerConfig layers;
    int vocabulary = 0, positions = 0;
    int end_token = kLargest;  // whose first row is the text's
    static constexpr int kLargest = -1;
  };
  struct Image {
    TransformerConfig layers;
    PatchConfig patches;
  };
  std::optional<Text> text;  // checkpoints of one tower are released, too
  std::optional<Image> image;
  int projection = 0;   // what a vector's size is
  bool openai = false;  // the form of the weights
  bool logit_scale = true;
  std::string cleaning;  // of texts, what the form was trained and released with: "openai", "huggingface"

  std::string json() const;
  static Result<ClipConfig> from_json(std::string_view json, const std::string& origin);
};

// Names in our file; source names are left to who knows the form.
std::vector<TensorSpec> clip_tensors(const ClipConfig& config);

Result<std::vector<ModelOutput>> clip_text_outputs(const WeightStore& store);
Result<std::unique_ptr<TextModel>> build_clip_text(std::shared_ptr<const WeightStore> store,
                                                   const BuildOptions& options);
Result<std::vector<ModelOutput>> clip_image_outputs(const WeightStore& store);
Result<std::unique_ptr<ImageModel>> build_clip_image(std::shared_ptr<const WeightStore> store,
                                                     const BuildOptions& options);

// What a picture's and a text's normalised vectors' products are multiplied by before softmax: e to the
// power of the tensor kLogitScale. Error (model): the store has none.
inline constexpr std::string_view kLogitScale = "logit_scale";
Result<float> clip_logit_scale(const WeightStore& store);

}  // namespace ink
