#include "engine/ops/folded_weights.h"

#include <algorithm>
#include <cmath>

namespace ink {
namespace {

// Of the shapes that a tensor may have, the one it has, else the first.
std::span<const int64_t> fitting_shape(const WeightStore& store, const std::string& name,
                                       std::span<const std::vector<int64_t>> shapes) {
  const StoredTensor* stored = store.find(name);
  const auto fits = [&](const std::vector<int64_t>& shape) {
    return stored != nullptr && stored->shape == shape;
  };
  const auto found = std::ranges::find_if(shapes, fits);
  return found == shapes.end() ? shapes.front() : *found;
}

bool lies_as_floats(const StoredTensor& tensor) {
  return tensor.dtype == DType::f32 && reinterpret_cast<uintptr_t>(tensor.bytes.data()) % alignof(float) == 0;
}

}  // namespace

Result<AlignedBuffer<float>> channel_values(const WeightStore& store, const std::string& name, int c) {
  std::vector<std::vector<int64_t>> shapes = {{c}};
  for (int axes = 2; axes <= 4; ++axes) {
    shapes.push_back(shapes.back());
    shapes.back().insert(shapes.back().begin(), 1);
  }
  return store.floats(name, fitting_shape(store, name, shapes));
}

Result<BatchNormValues> BatchNormValues::load(const WeightStore& store, const BatchNormAttributes& a) {
  BatchNormValues values;
  if (!a.gamma.empty()) {
    INK_TRY(values.gamma, channel_values(store, a.gamma, a.c));
  }
  if (!a.beta.empty()) {
    INK_TRY(values.beta, channel_values(store, a.beta, a.c));
  }
  INK_TRY(values.mean, channel_values(store, a.mean, a.c));
  INK_TRY(values.variance, channel_values(store, a.variance, a.c));
  return values;
}

Result<FoldedWeights> FoldedWeights::load(const WeightStore& store, const std::string& weight,
                                          const std::string& bias,
                                          std::span<const std::vector<int64_t>> shapes, int oc,
                                          const std::optional<BatchNormAttributes>& batch_norm,
                                          ReleasedTensors* released) {
  FoldedWeights folded;
  INK_TRY(const StoredTensor* tensor, store.expect_weights(weight, fitting_shape(store, weight, shapes)));
  if (released != nullptr && lies_as_floats(*tensor) && store.owner_of(*tensor) != nullptr) {
    released->add(store, *tensor);
    const auto* values = reinterpret_cast<const float*>(tensor->bytes.data());
    folded.weights = TensorFloats(std::span(values, tensor->bytes.size() / sizeof(float)));
  } else {
    INK_TRY(folded.weights, store.borrow_floats(weight, tensor->shape));
  }
  if (bias.empty()) {
    folded.bias = AlignedBuffer<float>(static_cast<size_t>(oc));
    std::fill(folded.bias.begin(), folded.bias.end(), 0.0f);
  } else {
    INK_TRY(folded.bias, channel_values(store, bias, oc));
  }
  if (!batch_norm.has_value()) return folded;

  INK_TRY(const BatchNormValues norm, BatchNormValues::load(store, *batch_norm));
  folded.factors.resize(static_cast<size_t>(oc));
  for (size_t c = 0; c < folded.factors.size(); ++c) {
    const double gamma = norm.gamma.size() == 0 ? 1.0 : norm.gamma[c];
    const double beta = norm.beta.size() == 0 ? 0.0 : norm.beta[c];
    const double factor = gamma / std::sqrt(static_cast<double>(norm.variance[c]) + batch_norm->epsilon);
    folded.factors[c] = factor;
    folded.bias[c] = static_cast<float>((static_cast<double>(folded.bias[c]) - norm.mean[c]) * factor + beta);
  }
  return folded;
}

}  // namespace ink
