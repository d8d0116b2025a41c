#include "kernels/softmax/softmax.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class Softmax : public Op {
 public:
  const char* kind() const override { return "softmax"; }
  Result<Shape> infer(std::span<const Shape> inputs) const override { return inputs[0]; }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const SoftmaxVariant& variant = choose_softmax(context.isa);
    return simple_prepared({variant.name, 12, true}, [&variant](const RunContext& run) {
      softmax_run(variant, run.inputs[0].floats(), run.output.floats(), run.region, run.threads);
    });
  }
};

}  // namespace

std::unique_ptr<Op> softmax() { return std::make_unique<Softmax>(); }

}  // namespace ink
