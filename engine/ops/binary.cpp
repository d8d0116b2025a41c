#include "kernels/binary/binary.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class Binary : public Op {
 public:
  explicit Binary(BinaryOp kind) : kind_(kind) {}

  const char* kind() const override { return binary_op_name(kind_); }
  bool is_addition() const override {
    return kind_ == BinaryOp::add && activation_.activation == Activation::none;
  }

  bool is_multiplication() const override {
    return kind_ == BinaryOp::mul && activation_.activation == Activation::none;
  }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != 2) {
      return Error{ErrorKind::model,
                   std::string(kind()) + " takes two inputs, found " + std::to_string(inputs.size())};
    }
    const Shape &a = inputs[0], &b = inputs[1];
    const auto fits = [](int size, int other) { return other == size || other == 1; };
    const bool area = (a.h == b.h && a.w == b.w) || (b.h == 1 && b.w == 1);
    if (!fits(a.n, b.n) || !area || !fits(a.c, b.c)) {
      return Error{ErrorKind::model, std::string("cannot ") + kind() + " " + b.text() + " to " + a.text()};
    }
    return a;
  }

  bool absorb_activation(const ActivationAttributes& activation) override {
    if (activation_.activation != Activation::none) return false;
    activation_ = activation;
    return true;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const BinaryVariant& variant = choose_binary(context.isa);
    return simple_prepared({variant.name, 1, true},
                           [&variant, kind = kind_, a = activation_](const RunContext& run) {
                             binary_run(variant, kind, a.activation, a.slope, run.inputs[0].floats(),
                                        run.inputs[1].floats(), run.output.floats(), run.region, run.threads);
                           });
  }

 private:
  BinaryOp kind_;
  ActivationAttributes activation_;
};

}  // namespace

std::unique_ptr<Op> binary(BinaryOp kind) { return std::make_unique<Binary>(kind); }

}  // namespace ink
