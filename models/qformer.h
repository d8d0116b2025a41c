#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/architecture.h"
#include "models/blocks/patch_embedding.h"
#include "models/blocks/transformer.h"
#include "models/model.h"

namespace ink {

// BLIP-2's image tower and Q-Former: learned queries attend to each other and, in every second layer, to the
// rows of a vision transformer. The vector is the first query's row.

inline constexpr std::string_view kQFormerArchitecture = "blip2_qformer";

struct QFormerConfig {
  TransformerConfig image, queries;
  PatchConfig patches;
  int query_count = 0;
  int cross_every = 2;

  std::string json() const;
  static Result<QFormerConfig> from_json(std::string_view json, const std::string& origin);
};

// Names in our file; source names are left to who knows the form.
std::vector<TensorSpec> qformer_tensors(const QFormerConfig& config);

Result<std::vector<ModelOutput>> qformer_outputs(const WeightStore& store);
Result<std::unique_ptr<ImageModel>> build_qformer(std::shared_ptr<const WeightStore> store,
                                                  const BuildOptions& options);

}  // namespace ink
