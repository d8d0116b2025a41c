#include "engine/ops/ops.h"
#include "kernels/pool/global_mean.h"

namespace ink {
namespace {

class PreparedGlobalAveragePool : public PreparedOp {
 public:
  explicit PreparedGlobalAveragePool(const GlobalMeanVariant& variant) : variant_(variant) {}

  const char* kernel() const override { return variant_.name; }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape&, int) const override {
    return global_sum_bytes(inputs[0].h, inputs[0].w, inputs[0].c);
  }
  double flops(std::span<const Shape> inputs, const Shape&) const override {
    return static_cast<double>(inputs[0].elements());
  }
  void run(const RunContext& context) const override {
    global_mean_run(variant_, context.inputs[0].floats(), context.output.floats(),
                    reinterpret_cast<double*>(context.scratch), context.threads);
  }

 private:
  const GlobalMeanVariant& variant_;
};

class GlobalAveragePool : public Op {
 public:
  const char* kind() const override { return "global_average_pool"; }
  Result<Shape> infer(std::span<const Shape> inputs) const override {
    return Shape{inputs[0].n, 1, 1, inputs[0].c};
  }
  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    return std::unique_ptr<PreparedOp>(new PreparedGlobalAveragePool(choose_global_mean(context.isa)));
  }
};

}  // namespace

std::unique_ptr<Op> global_average_pool() { return std::make_unique<GlobalAveragePool>(); }

}  // namespace ink
