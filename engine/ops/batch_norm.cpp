#include "kernels/batch_norm/batch_norm.h"

#include <algorithm>

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

// Runs y = act(x * scale + shift) with a value per channel.
std::unique_ptr<PreparedOp> prepare_affine(Isa isa, AlignedBuffer<float> scale, AlignedBuffer<float> shift,
                                           ActivationAttributes activation) {
  const BatchNormVariant& variant = choose_batch_norm(isa);
  return simple_prepared(
      {variant.name, 2, true},
      [&variant, scale = std::move(scale), shift = std::move(shift), activation](const RunContext& run) {
        batch_norm_run(variant, scale.data(), shift.data(), activation.activation, activation.slope,
                       run.inputs[0].floats(), run.output.floats(), run.region, run.threads);
      });
}

class BatchNorm : public Op {
 public:
  explicit BatchNorm(BatchNormAttributes attributes) : attributes_(std::move(attributes)) {}

  const char* kind() const override { return "batch_norm"; }
  const BatchNormAttributes* as_batch_norm() const override {
    return activation_.activation == Activation::none ? &attributes_ : nullptr;
  }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs[0].c != attributes_.c) {
      return Error{ErrorKind::model, "expected " + std::to_string(attributes_.c) + " channels, found " +
                                         std::to_string(inputs[0].c)};
    }
    return inputs[0];
  }

  bool absorb_activation(const ActivationAttributes& activation) override {
    if (activation_.activation != Activation::none) return false;
    activation_ = activation;
    return true;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const int64_t shape[] = {attributes_.c};
    INK_TRY(const AlignedBuffer<float> gamma, context.weights.floats(attributes_.gamma, shape));
    INK_TRY(const AlignedBuffer<float> beta, context.weights.floats(attributes_.beta, shape));
    INK_TRY(const AlignedBuffer<float> mean, context.weights.floats(attributes_.mean, shape));
    INK_TRY(const AlignedBuffer<float> variance, context.weights.floats(attributes_.variance, shape));
    AlignedBuffer<float> scale(gamma.size()), shift(gamma.size());
    batch_norm_prepare(attributes_.c, gamma.data(), beta.data(), mean.data(), variance.data(),
                       attributes_.epsilon, scale.data(), shift.data());
    return prepare_affine(context.isa, std::move(scale), std::move(shift), activation_);
  }

 private:
  BatchNormAttributes attributes_;
  ActivationAttributes activation_;
};

class Scale : public Op {
 public:
  explicit Scale(float factor) : factor_(factor) {}

  const char* kind() const override { return "scale"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override { return inputs[0]; }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const size_t channels = static_cast<size_t>(context.inputs[0].c);
    AlignedBuffer<float> scale(channels), shift(channels);
    std::fill(scale.begin(), scale.end(), factor_);
    std::fill(shift.begin(), shift.end(), 0.0f);
    return prepare_affine(context.isa, std::move(scale), std::move(shift), {});
  }

 private:
  float factor_;
};

}  // namespace

std::unique_ptr<Op> batch_norm(BatchNormAttributes attributes) {
  return std::make_unique<BatchNorm>(std::move(attributes));
}

std::unique_ptr<Op> scale(float factor) { return std::make_unique<Scale>(factor); }

}  // namespace ink
