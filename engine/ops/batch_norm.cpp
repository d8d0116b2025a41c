#include "kernels/batch_norm/batch_norm.h"

#include <algorithm>

#include "engine/ops/folded_weights.h"
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
    INK_TRY(const BatchNormValues norm, BatchNormValues::load(context.weights, attributes_));
    AlignedBuffer<float> scale(norm.mean.size()), shift(norm.mean.size());
    batch_norm_prepare(attributes_.c, norm.gamma.data(), norm.beta.data(), norm.mean.data(),
                       norm.variance.data(), attributes_.epsilon, scale.data(), shift.data());
    return prepare_affine(context.isa, std::move(scale), std::move(shift), activation_);
  }

 private:
  BatchNormAttributes attributes_;
  ActivationAttributes activation_;
};

class Scale : public Op {
 public:
  explicit Scale(std::vector<float> factors) : factors_(std::move(factors)) { INK_CHECK(!factors_.empty()); }

  const char* kind() const override { return "scale"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (factors_.size() != 1 && static_cast<size_t>(inputs[0].c) != factors_.size()) {
      return Error{ErrorKind::model, "expected " + std::to_string(factors_.size()) + " channels, found " +
                                         std::to_string(inputs[0].c)};
    }
    return inputs[0];
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const size_t channels = static_cast<size_t>(context.inputs[0].c);
    AlignedBuffer<float> scale(channels), shift(channels);
    for (size_t c = 0; c < channels; ++c) scale[c] = factors_[factors_.size() == 1 ? 0 : c];
    std::fill(shift.begin(), shift.end(), 0.0f);
    return prepare_affine(context.isa, std::move(scale), std::move(shift), {});
  }

 private:
  std::vector<float> factors_;
};

}  // namespace

std::unique_ptr<Op> batch_norm(BatchNormAttributes attributes) {
  return std::make_unique<BatchNorm>(std::move(attributes));
}

std::unique_ptr<Op> scale(float factor) { return scale(std::vector<float>{factor}); }

std::unique_ptr<Op> scale(std::vector<float> factors) { return std::make_unique<Scale>(std::move(factors)); }

}  // namespace ink
