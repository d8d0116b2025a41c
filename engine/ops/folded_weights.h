#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ops/late.h"
#include "engine/ops/ops.h"

namespace ink {

// A value for each of c channels, stored as [c] or as that with axes of size 1 before it.
Result<AlignedBuffer<float>> channel_values(const WeightStore& store, const std::string& name, int c);

// The vectors of a batch norm; gamma and beta are empty where it has none.
struct BatchNormValues {
  AlignedBuffer<float> gamma, beta, mean, variance;

  static Result<BatchNormValues> load(const WeightStore& store, const BatchNormAttributes& attributes);
};

// Weights as they are stored, by whose factors packing multiplies them, and the bias of a convolution with a
// batch norm that follows folded in:
// factor = gamma / sqrt(variance + epsilon), bias' = (bias - mean) * factor + beta.
struct FoldedWeights {
  TensorFloats weights;
  AlignedBuffer<float> bias;    // oc values, zeros where there is none
  std::vector<double> factors;  // oc values, or none for ones

  const double* factors_or_null() const { return factors.empty() ? nullptr : factors.data(); }

  // shapes: those that the weights may have, the usual one first. released: where not nullptr, weights that
  // can be read where they are get there, not looked at; the store then need not outlive this.
  static Result<FoldedWeights> load(const WeightStore& store, const std::string& weight,
                                    const std::string& bias, std::span<const std::vector<int64_t>> shapes,
                                    int oc, const std::optional<BatchNormAttributes>& batch_norm,
                                    ReleasedTensors* released = nullptr);
};

}  // namespace ink
