// Stands in for the table of models/architecture.cpp in a command of its own: models so small that a test
// knows their results by hand.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/ops/ops.h"
#include "models/architecture.h"
#include "models/image/preprocess.h"
#include "models/model.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kSide = 4, kColours = 3;
using Colour = std::array<float, kColours>;

Colour mean_of(const float* pixels) {
  std::array<double, kColours> sums{};
  for (int i = 0; i < kSide * kSide * kColours; ++i) sums[static_cast<size_t>(i % kColours)] += pixels[i];
  Colour mean{};
  for (size_t c = 0; c < kColours; ++c) mean[c] = static_cast<float>(sums[c] / (kSide * kSide));
  return mean;
}

Result<std::unique_ptr<PreparedModel>> any_network(const BuildOptions& options) {
  GraphBuilder builder;
  const Value pixels = builder.input("pixels", {1, kSide, kSide, kColours});
  builder.output("out", builder.add("relu", activation({Activation::relu, 0}), {pixels}));
  INK_TRY(Graph graph, builder.finish());
  return PreparedModel::prepare(std::move(graph), WeightStore(), options.isa);
}

// Which of all outputs are wanted.
Result<std::vector<ModelOutput>> choose(const std::vector<ModelOutput>& all, const BuildOptions& options) {
  if (options.outputs.empty()) return std::vector{all[0]};
  std::vector<ModelOutput> chosen;
  for (const std::string& name : options.outputs) {
    const auto found = std::ranges::find(all, name, &ModelOutput::name);
    if (found == all.end()) {
      return Error{ErrorKind::usage, concat("there is no output ", name, ", only ", all[0].name)};
    }
    chosen.push_back(*found);
  }
  return chosen;
}

class MadeUpImages : public ImageModel {
 public:
  MadeUpImages(std::vector<ModelOutput> outputs, std::vector<float> weight,
               std::unique_ptr<PreparedModel> net, ImagePreprocess how)
      : outputs_(std::move(outputs)), weight_(std::move(weight)), network_(std::move(net)), how_(how) {}

  std::span<const ModelOutput> outputs() const override { return outputs_; }
  const ImagePreprocess& preprocess() const override { return how_; }
  const PreparedModel& network() const override { return *network_; }

  Status run(const float* pixels, int n, std::span<float* const> dst, int) override {
    for (int i = 0; i < n; ++i) {
      const Colour mean = mean_of(pixels + i * kSide * kSide * kColours);
      if (mean[0] == 1 && mean[1] == 0 && mean[2] == 1) return model_error("magenta is not finite");
      for (size_t o = 0; o < outputs_.size(); ++o) {
        fill(outputs_[o], mean, dst[o] + static_cast<size_t>(i) * static_cast<size_t>(outputs_[o].size));
      }
    }
    return {};
  }

 private:
  void fill(const ModelOutput& output, const Colour& mean, float* dst) const {
    const float sum = mean[0] + mean[1] + mean[2];
    for (size_t k = 0; k < static_cast<size_t>(output.size); ++k) {
      if (output.name == "features") {
        dst[k] = mean[k];
      } else if (output.name == "bright") {
        dst[k] = sum;
      } else if (output.name == "tags") {
        dst[k] = 0;
        for (size_t c = 0; c < kColours; ++c) dst[k] += weight_[k * kColours + c] * mean[c];
      } else {
        dst[k] = mean[k] / sum;  // a distribution
      }
    }
  }

  const std::vector<ModelOutput> outputs_;
  const std::vector<float> weight_;
  const std::unique_ptr<PreparedModel> network_;
  const ImagePreprocess how_;
};

Result<std::vector<float>> weight_of(const WeightStore& store) {
  const StoredTensor* tensor = store.find("weight");
  if (tensor == nullptr) return std::vector<float>();
  INK_TRY(const AlignedBuffer<float> values, store.floats("weight", tensor->shape));
  return std::vector<float>(values.begin(), values.end());
}

Result<ImagePreprocess> preprocess_of_store(const WeightStore& store) {
  const std::string_view json = store.metadata(kPreprocessKey);
  if (!json.empty()) return ImagePreprocess::from_json(json, store.origin());
  ImagePreprocess how;
  how.size = {kSide, kSide};
  how.scale = SampleScale::divide;
  how.scale_by = 255;
  return how;
}

Result<std::vector<ModelOutput>> tagger_outputs(const WeightStore& store) {
  INK_TRY(const std::vector<float> weight, weight_of(store));
  return std::vector<ModelOutput>{
      {"features", 3}, {"bright", 1}, {"tags", static_cast<int>(weight.size() / kColours)}};
}

Result<std::vector<ModelOutput>> scorer_outputs(const WeightStore&) {
  return std::vector<ModelOutput>{{"bookmark_predict", 3}, {"view_predict", 3}, {"features", 3}};
}

Result<std::vector<ModelOutput>> pair_outputs(const WeightStore&) {
  return std::vector<ModelOutput>{{"features", 3}};
}

template <Result<std::vector<ModelOutput>> (*outputs)(const WeightStore&)>
Result<std::unique_ptr<ImageModel>> images(std::shared_ptr<const WeightStore> store,
                                           const BuildOptions& options) {
  INK_TRY(const std::vector<ModelOutput> all, outputs(*store));
  INK_TRY(std::vector<ModelOutput> chosen, choose(all, options));
  INK_TRY(std::vector<float> weight, weight_of(*store));
  INK_TRY(std::unique_ptr<PreparedModel> network, any_network(options));
  INK_TRY(const ImagePreprocess how, preprocess_of_store(*store));
  return std::unique_ptr<ImageModel>(
      new MadeUpImages(std::move(chosen), std::move(weight), std::move(network), how));
}

// Counts the tokens 5, 6 and 7.
class MadeUpTexts : public TextModel {
 public:
  explicit MadeUpTexts(std::unique_ptr<PreparedModel> net) : network_(std::move(net)) {}

  std::span<const ModelOutput> outputs() const override { return outputs_; }
  const PreparedModel& network() const override { return *network_; }
  int max_tokens() const override { return 8; }
  int vocabulary() const override { return 1000; }

  Status run(std::span<const std::vector<int32_t>> texts, std::span<float* const> dst, int) override {
    float* at = dst[0];
    for (const std::vector<int32_t>& ids : texts) {
      for (int32_t id = 5; id < 8; ++id) *at++ = static_cast<float>(std::ranges::count(ids, id));
    }
    return {};
  }

 private:
  const std::vector<ModelOutput> outputs_ = {{"features", 3}};
  const std::unique_ptr<PreparedModel> network_;
};

Result<std::unique_ptr<TextModel>> texts(std::shared_ptr<const WeightStore> store,
                                         const BuildOptions& options) {
  INK_TRY(const std::vector<ModelOutput> all, pair_outputs(*store));
  INK_TRY_STATUS(choose(all, options).status());
  INK_TRY(std::unique_ptr<PreparedModel> network, any_network(options));
  return std::unique_ptr<TextModel>(new MadeUpTexts(std::move(network)));
}

constexpr Architecture kArchitectures[] = {
    {"made-up-tagger", "a made-up tagger", tagger_outputs, images<tagger_outputs>, nullptr, nullptr},
    {"made-up-scorer", "a made-up scorer", scorer_outputs, images<scorer_outputs>, nullptr, nullptr},
    {"made-up-pair", "a made-up pair", pair_outputs, images<pair_outputs>, pair_outputs, texts},
    {"made-up-texts", "made-up texts", nullptr, nullptr, pair_outputs, texts},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

Result<const Architecture*> architecture_of(const WeightStore& store) {
  const auto found = std::ranges::find(kArchitectures, store.metadata(kArchitectureKey), &Architecture::name);
  if (found != std::end(kArchitectures)) return &*found;
  return model_error(store.origin(), ": not a made-up model");
}

}  // namespace ink
