#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/architecture.h"
#include "models/blocks/transformer.h"
#include "models/model.h"

namespace ink {

// DistilBERT as sentence vectors are made with it: layers over tokens, the mean of all rows (start and end
// token among them), and where the release has one a dense layer behind it: DistilUSE, acgvoc2vec.

inline constexpr std::string_view kDistilBertArchitecture = "distilbert";

struct DistilBertConfig {
  TransformerConfig layers;
  int vocabulary = 0, positions = 0;
  bool in_out = false;  // linear weights are (in, out), as TensorFlow has them

  struct Dense {
    int size = 0;
    Activation activation = Activation::tanh;  // or none
  };
  std::optional<Dense> dense;
  bool normalize = false;  // vectors have length 1

  std::string json() const;
  static Result<DistilBertConfig> from_json(std::string_view json, const std::string& origin);
};

// Names in our file; source names are left to who knows the form.
std::vector<TensorSpec> distilbert_tensors(const DistilBertConfig& config);

Result<std::vector<ModelOutput>> distilbert_outputs(const WeightStore& store);
Result<std::unique_ptr<TextModel>> build_distilbert(std::shared_ptr<const WeightStore> store,
                                                    const BuildOptions& options);

}  // namespace ink
