#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/prepared_model.h"
#include "kernels/base/isa.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink {

struct ImagePreprocess;

// One of the vectors that a model makes of a picture or a text.
struct ModelOutput {
  std::string name;  // "features", "tags", "bookmark_predict"
  int size = 0;      // floats
};

struct BuildOptions {
  std::vector<std::string> outputs = {};  // what to compute, in this order; empty: the default alone
  Isa isa = active_isa();
  int threads = 1;  // to pack weights with
  // For one run: the first result is there sooner, every further one later (PreparedModel::prepare()).
  bool once = false;
  Precision precision = Precision::f32;
};

// A model that turns pictures into vectors, prepared once for some of its outputs; run() may be called from
// many threads.
class ImageModel {
 public:
  virtual ~ImageModel() = default;

  virtual std::span<const ModelOutput> outputs() const = 0;  // those it was built for
  virtual const ImagePreprocess& preprocess() const = 0;
  virtual const PreparedModel& network() const = 0;
  // pixels: n pictures (h, w, 3) as preprocess() makes them; dst[i]: n rows of outputs()[i].size floats. The
  // same bits for a picture in any batch and for any number of threads. Error (model): a result is not
  // finite. Throws std::bad_alloc.
  virtual Status run(const float* pixels, int n, std::span<float* const> dst, int threads) = 0;
};

// The same for texts, as token ids between their start and end tokens, without padding.
class TextModel {
 public:
  virtual ~TextModel() = default;

  virtual std::span<const ModelOutput> outputs() const = 0;
  virtual const PreparedModel& network() const = 0;
  virtual int max_tokens() const = 0;
  virtual int vocabulary() const = 0;  // one more than the largest id that it takes
  // Many texts run in parts side by side; the same bits for a text in any company and for any number of
  // threads. Errors (bad_input): an id out of the vocabulary, no id, more than max_tokens().
  virtual Status run(std::span<const std::vector<int32_t>> texts, std::span<float* const> dst,
                     int threads) = 0;
};

// What can be done with the models of one inkstone.architecture. Null: such a model does not do that. Error
// (model) of each: inkstone.config is not of this architecture, a tensor is missing or misshapen; (usage):
// there is no such output.
struct Architecture {
  std::string_view name;
  std::string_view title;  // for people
  // All outputs, the default first.
  Result<std::vector<ModelOutput>> (*image_outputs)(const WeightStore&);
  Result<std::unique_ptr<ImageModel>> (*image)(std::shared_ptr<const WeightStore>, const BuildOptions&);
  Result<std::vector<ModelOutput>> (*text_outputs)(const WeightStore&);
  Result<std::unique_ptr<TextModel>> (*text)(std::shared_ptr<const WeightStore>, const BuildOptions&);
};

std::span<const Architecture> architectures();
// That of a store, by its metadata. Error (model): it says none, or one that is not known here.
Result<const Architecture*> architecture_of(const WeightStore& store);

}  // namespace ink
