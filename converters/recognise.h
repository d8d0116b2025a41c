#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "models/model.h"

namespace ink {

struct RecogniseOptions {
  // One of architectures(), or a name that its family takes for a variant; empty: the source decides.
  std::string architecture;
  // Real-CUGAN's pro networks have the graph of the se ones. Unset: what the source says, and se where it
  // says nothing.
  std::optional<bool> pro;
};

// A model that a source was found to hold, and where each of its tensors is.
struct Recognised {
  std::string architecture;         // inkstone.architecture
  std::string config;               // inkstone.config, JSON
  std::string preprocess;           // inkstone.preprocess, JSON; empty where the model takes no pictures
  std::vector<TensorSpec> tensors;  // shapes and source names as this source has them
  // Whether a tensor of the source that the model does not use is expected there: an optimizer's, a counter.
  std::function<bool(std::string_view)> may_be_left_over;
};

// One of these for each family of models.
struct Recogniser {
  std::string_view family;
  // Nothing where the source holds no model of the family. Error (model): it holds one that does not fit, and
  // what differs.
  Result<std::optional<Recognised>> (*recognise)(const TensorSource&, const RecogniseOptions&);
};

// In the order in which they are tried.
std::span<const Recogniser> recognisers();

// Error (model): no model of ours answers to the source.
Result<Recognised> recognise(const TensorSource& source, const RecogniseOptions& options);

}  // namespace ink
