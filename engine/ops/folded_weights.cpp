#include "engine/ops/folded_weights.h"

#include <algorithm>
#include <cmath>

namespace ink {

Result<FoldedWeights> FoldedWeights::load(const WeightStore& store, const std::string& weight,
                                          const std::string& bias, std::span<const int64_t> shape,
                                          int oc_axis, int groups,
                                          const std::optional<BatchNormAttributes>& batch_norm) {
  FoldedWeights folded;
  INK_TRY(folded.weights, store.floats(weight, shape));
  const int64_t ocg = oc_axis == 0 ? shape[0] / groups : shape[1];
  const int64_t oc = ocg * groups;
  const int64_t oc_shape[] = {oc};
  if (bias.empty()) {
    folded.bias = AlignedBuffer<float>(static_cast<size_t>(oc));
    std::fill(folded.bias.begin(), folded.bias.end(), 0.0f);
  } else {
    INK_TRY(folded.bias, store.floats(bias, oc_shape));
  }
  if (!batch_norm.has_value()) return folded;

  INK_TRY(const AlignedBuffer<float> gamma, store.floats(batch_norm->gamma, oc_shape));
  INK_TRY(const AlignedBuffer<float> beta, store.floats(batch_norm->beta, oc_shape));
  INK_TRY(const AlignedBuffer<float> mean, store.floats(batch_norm->mean, oc_shape));
  INK_TRY(const AlignedBuffer<float> variance, store.floats(batch_norm->variance, oc_shape));
  std::vector<double> scale(static_cast<size_t>(oc));
  for (size_t c = 0; c < scale.size(); ++c) {
    scale[c] = gamma[c] / std::sqrt(static_cast<double>(variance[c]) + batch_norm->epsilon);
    folded.bias[c] = static_cast<float>((static_cast<double>(folded.bias[c]) - mean[c]) * scale[c] + beta[c]);
  }
  const int64_t area = shape[2] * shape[3];
  const int64_t icg = oc_axis == 0 ? shape[1] : shape[0] / groups;
  for (size_t i = 0; i < folded.weights.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i) / area;
    const int64_t channel = oc_axis == 0 ? row / icg : row / (icg * ocg) * ocg + row % ocg;
    folded.weights[i] = static_cast<float>(folded.weights[i] * scale[static_cast<size_t>(channel)]);
  }
  return folded;
}

}  // namespace ink
