#include "kernels/activation/activation.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class ActivationOp : public Op {
 public:
  explicit ActivationOp(ActivationAttributes attributes) : attributes_(attributes) {}

  const char* kind() const override { return activation_name(attributes_.activation); }
  const ActivationAttributes* as_activation() const override { return &attributes_; }
  Result<Shape> infer(std::span<const Shape> inputs) const override { return inputs[0]; }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const ActivationVariant& variant = choose_activation(context.isa);
    return simple_prepared({variant.name, 1, true}, [&variant, a = attributes_](const RunContext& run) {
      activation_run(variant, a.activation, a.slope, run.inputs[0].floats(), run.output.floats(), run.region,
                     run.threads);
    });
  }

 private:
  ActivationAttributes attributes_;
};

}  // namespace

std::unique_ptr<Op> activation(ActivationAttributes attributes) {
  return std::make_unique<ActivationOp>(attributes);
}

}  // namespace ink
