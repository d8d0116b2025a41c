#include "models/blocks/patch_embedding.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/ops/ops.h"
#include "models/image_network.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kMostPatch = 32;  // as large as convolutions are
constexpr int kMostGrid = 1024;

std::vector<int64_t> behind_ones(int axes, std::vector<int64_t> shape) {
  shape.insert(shape.begin(), static_cast<size_t>(axes), 1);
  return shape;
}

struct Tap {
  std::array<int, 4> from;
  std::array<float, 4> weights;
};

// Where the positions of one axis come from, in torch's float arithmetic.
std::vector<Tap> cubic_taps(int from, int to) {
  constexpr float kA = -0.75f;
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const auto near = [](float x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; };
  const auto far = [](float x) { return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA; };
  std::vector<Tap> taps;
  for (int i = 0; i < to; ++i) {
    const float at = scale * (static_cast<float>(i) + 0.5f) - 0.5f;
    const float floor = std::floor(at);
    const float t = std::clamp(at - floor, 0.0f, 1.0f);
    Tap tap{{}, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
    for (size_t j = 0; j < 4; ++j) {
      tap.from[j] = std::clamp(static_cast<int>(floor) - 1 + static_cast<int>(j), 0, from - 1);
    }
    taps.push_back(tap);
  }
  return taps;
}

}  // namespace

std::vector<float> resize_positions(const float* src, int from, int to, int c) {
  const std::vector<Tap> taps = cubic_taps(from, to);
  const auto channels = static_cast<size_t>(c);
  std::vector<float> dst;
  dst.reserve(static_cast<size_t>(to) * static_cast<size_t>(to) * channels);
  for (const Tap& y : taps) {
    for (const Tap& x : taps) {
      for (size_t channel = 0; channel < channels; ++channel) {
        double sum = 0;
        for (size_t i = 0; i < 4; ++i) {
          double row = 0;
          for (size_t j = 0; j < 4; ++j) {
            const auto pixel =
                static_cast<size_t>(y.from[i]) * static_cast<size_t>(from) + static_cast<size_t>(x.from[j]);
            row += static_cast<double>(x.weights[j]) * src[pixel * channels + channel];
          }
          sum += static_cast<double>(y.weights[i]) * row;
        }
        dst.push_back(static_cast<float>(sum));
      }
    }
  }
  return dst;
}

void add_patch_tensors(std::vector<TensorSpec>& table, const PatchConfig& config, int width,
                       const std::string& prefix) {
  table.push_back({prefix + ".patch_embedding.weight", {width, 3, config.patch, config.patch}, {}});
  if (config.bias) table.push_back({prefix + ".patch_embedding.bias", {width}, {}});
  table.push_back({prefix + ".class_embedding", behind_ones(config.class_axes, {width}), {}});
  table.push_back(
      {prefix + ".position_embedding", behind_ones(config.position_axes, {config.positions(), width}), {}});
}

Result<Value> patch_sequence_of(GraphBuilder& graph, const WeightStore& weights, const PatchConfig& config,
                                int width, const std::string& prefix, Value pictures) {
  const std::string product = prefix + ".patch_embedding", positions = prefix + ".position_embedding";
  const ConvParams params{
      .ic = 3, .oc = width, .kh = config.patch, .kw = config.patch, .sh = config.patch, .sw = config.patch};
  const Value patches = graph.add(
      product, conv2d({product + ".weight", config.bias ? product + ".bias" : "", params}), {pictures});
  PatchSequenceAttributes attributes{
      .first = prefix + ".class_embedding", .positions = positions, .c = width};
  const int grid = graph.shape(patches).w;
  if (grid != config.grid) {
    INK_TRY(const AlignedBuffer<float> stored,
            weights.floats(positions, behind_ones(config.position_axes, {config.positions(), width})));
    attributes.positions.clear();
    attributes.position_values.assign(stored.data(), stored.data() + width);
    const std::vector<float> resized = resize_positions(stored.data() + width, config.grid, grid, width);
    attributes.position_values.insert(attributes.position_values.end(), resized.begin(), resized.end());
  }
  return graph.add(prefix + ".sequence", patch_sequence(std::move(attributes)), {patches});
}

Result<PictureSize> patch_input(const ImagePreprocess& preprocess, const PatchConfig& config, bool any_grid,
                                std::string_view origin) {
  INK_TRY(const PictureSize size, input_size(preprocess, origin));
  const int side = config.grid * config.patch;
  const bool fits = any_grid
                        ? size.w == size.h && size.w % config.patch == 0 && size.w <= kMostGrid * config.patch
                        : size == PictureSize{side, side};
  if (fits) return size;
  return model_error(origin, ": ", kPreprocessKey, " makes pictures of ", size.w, "x", size.h,
                     ", the network takes ",
                     any_grid ? concat("squares of a multiple of ", config.patch) : concat(side, "x", side));
}

JsonObject patch_json(const PatchConfig& config) {
  return JsonObject()
      .integer("patch", config.patch)
      .integer("grid", config.grid)
      .flag("bias", config.bias)
      .integer("class_axes", config.class_axes)
      .integer("position_axes", config.position_axes);
}

PatchConfig patch_from_json(JsonFields& json, const std::string& path) {
  PatchConfig config;
  config.patch = json.integer(path + ".patch", 1, kMostPatch);
  config.grid = json.integer(path + ".grid", 1, kMostGrid);
  config.bias = json.flag(path + ".bias");
  config.class_axes = json.integer(path + ".class_axes", 0, 2);
  config.position_axes = json.integer(path + ".position_axes", 0, 2);
  return config;
}

}  // namespace ink
