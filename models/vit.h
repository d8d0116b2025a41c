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

// The vision transformers whose vector is the class row of the last norm: ViT, and DINOv2, whose layers scale
// what they add and whose positions are resized to the picture's grid.

inline constexpr std::string_view kVitArchitecture = "vit";
inline constexpr std::string_view kDinov2Architecture = "dinov2";

struct VitConfig {
  TransformerConfig layers;
  PatchConfig patches;

  std::string json() const;
  static Result<VitConfig> from_json(std::string_view json, const std::string& origin);
};

// Names in our file; source names are left to who knows the form.
std::vector<TensorSpec> vit_tensors(const VitConfig& config, std::string_view architecture);

// For both architectures; the store's metadata say which.
Result<std::vector<ModelOutput>> vit_outputs(const WeightStore& store);
Result<std::unique_ptr<ImageModel>> build_vit(std::shared_ptr<const WeightStore> store,
                                              const BuildOptions& options);

}  // namespace ink
