#include "kernels/concat/concat.h"

#include <array>

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

constexpr size_t kMaxInputs = 64;

class Concat : public Op {
 public:
  const char* kind() const override { return "concat"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.empty() || inputs.size() > kMaxInputs) {
      return Error{ErrorKind::model, "concat takes 1 to 64 inputs, found " + std::to_string(inputs.size())};
    }
    Shape shape = inputs[0];
    for (const Shape& input : inputs.subspan(1)) {
      if (input.n != shape.n || input.h != shape.h || input.w != shape.w) {
        return Error{ErrorKind::model,
                     "cannot join " + input.text() + " to " + inputs[0].text() + " along the channels"};
      }
      shape.c += input.c;
    }
    return shape;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const ConcatVariant& variant = choose_concat(context.isa);
    return simple_prepared({variant.name, 0, false}, [&variant](const RunContext& run) {
      std::array<View<const float>, kMaxInputs> srcs;
      for (size_t i = 0; i < run.inputs.size(); ++i) srcs[i] = run.inputs[i].floats();
      concat_run(variant, {srcs.data(), run.inputs.size()}, run.output.floats(), run.region, run.threads);
    });
  }
};

}  // namespace

std::unique_ptr<Op> concat() { return std::make_unique<Concat>(); }

}  // namespace ink
