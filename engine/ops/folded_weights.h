#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ops/ops.h"

namespace ink {

// Weights and bias of a convolution as floats, with a batch norm that follows folded in:
// w' = w * gamma / sqrt(variance + epsilon), b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta.
struct FoldedWeights {
  AlignedBuffer<float> weights, bias;

  // shape: of the weights; oc_axis: which of its axes, 0 or 1, counts output channels within one of `groups`
  // (1 for transposed convolutions, where axis 0 holds the groups' input channels).
  static Result<FoldedWeights> load(const WeightStore& store, const std::string& weight,
                                    const std::string& bias, std::span<const int64_t> shape, int oc_axis,
                                    int groups, const std::optional<BatchNormAttributes>& batch_norm);
};

}  // namespace ink
