#include "kernels/layer_norm/layer_norm.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class LayerNorm : public Op {
 public:
  explicit LayerNorm(LayerNormAttributes attributes) : attributes_(std::move(attributes)) {}

  const char* kind() const override { return "layer_norm"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != 1 || inputs[0].c != attributes_.c) {
      return Error{ErrorKind::model, "expected " + std::to_string(attributes_.c) + " channels, found " +
                                         (inputs.empty() ? "no input" : std::to_string(inputs[0].c))};
    }
    return inputs[0];
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const int64_t shape[] = {attributes_.c};
    INK_TRY(AlignedBuffer<float> gamma, context.weights.floats(attributes_.gamma, shape));
    INK_TRY(AlignedBuffer<float> beta, context.weights.floats(attributes_.beta, shape));
    const LayerNormVariant& variant = choose_layer_norm(context.isa);
    constexpr double kFlopsPerOutput = 8;
    return simple_prepared({variant.name, kFlopsPerOutput, true},
                           [&variant, gamma = std::move(gamma), beta = std::move(beta),
                            epsilon = static_cast<float>(attributes_.epsilon)](const RunContext& run) {
                             layer_norm_run(variant, gamma.data(), beta.data(), epsilon,
                                            run.inputs[0].floats(), run.output.floats(), run.region,
                                            run.threads);
                           });
  }

 private:
  LayerNormAttributes attributes_;
};

}  // namespace

std::unique_ptr<Op> layer_norm(LayerNormAttributes attributes) {
  return std::make_unique<LayerNorm>(std::move(attributes));
}

}  // namespace ink
