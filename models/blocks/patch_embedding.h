#pragma once

#include <string>
#include <vector>

#include "engine/graph.h"
#include "models/image/preprocess.h"
#include "models/json_fields.h"
#include "models/model.h"

namespace ink {

// How a picture becomes a sequence: squares of patch x patch pixels, row by row, each a product with one
// weight, behind a row that stands for the whole picture, all plus what they learned of their places.
struct PatchConfig {
  int patch = 0;     // pixels
  int grid = 0;      // patches a side that positions are stored for
  bool bias = true;  // of the product
  // How many axes of size 1 the release writes before the class row's (width) and the positions' (1 + grid^2,
  // width).
  int class_axes = 0, position_axes = 0;

  int positions() const { return 1 + grid * grid; }
  bool operator==(const PatchConfig&) const = default;
};

// PREFIX.patch_embedding.{weight,bias}, PREFIX.class_embedding, PREFIX.position_embedding.
void add_patch_tensors(std::vector<TensorSpec>& table, const PatchConfig& config, int width,
                       const std::string& prefix);

// pictures (n, side, side, 3) -> (n, 1, 1 + (side / patch)^2, width). Another grid than the stored one has
// its positions resized as torch does it: bicubic with a = -0.75, no antialiasing, half-pixel centres, edges
// clamped. Error (model): a tensor is missing or misshapen.
Result<Value> patch_sequence_of(GraphBuilder& graph, const WeightStore& weights, const PatchConfig& config,
                                int width, const std::string& prefix, Value pictures);

// The size of the pictures that preprocessing makes. Error (model): it is not that of the stored positions
// or, with any_grid, not square or no multiple of a patch.
Result<PictureSize> patch_input(const ImagePreprocess& preprocess, const PatchConfig& config, bool any_grid,
                                std::string_view origin);

JsonObject patch_json(const PatchConfig& config);
PatchConfig patch_from_json(JsonFields& json, const std::string& path);

// torch.nn.functional.interpolate(mode="bicubic", align_corners=False) of a map (from, from, c) to (to, to,
// c), in float32 as torch's CPU kernel for contiguous channels computes it.
std::vector<float> resize_positions(const float* src, int from, int to, int c);

}  // namespace ink
