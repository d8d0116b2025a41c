#include "kernels/pad/pad.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class Pad : public Op {
 public:
  Pad(PadMode mode, Margins margins) : mode_(mode), margins_(margins) {}

  const char* kind() const override { return "pad"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    Shape shape = inputs[0];
    shape.h = grown(shape.h, margins_.top + margins_.bottom);
    shape.w = grown(shape.w, margins_.left + margins_.right);
    return shape;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const PadVariant& variant = choose_pad(context.isa);
    return simple_prepared(
        {variant.name, 0, false},
        [&variant, mode = mode_, m = margins_](const RunContext& run) {
          pad_run(variant, mode, m.top, m.left, run.inputs[0].floats(), run.output.floats(), run.region,
                  run.threads);
        },
        [mode = mode_, m = margins_](Rect region, const Shape& input, const Shape&) {
          return pad_source(mode, m.top, m.left, input.h, input.w, region);
        });
  }

 private:
  PadMode mode_;
  Margins margins_;
};

}  // namespace

std::unique_ptr<Op> pad(PadMode mode, Margins margins) { return std::make_unique<Pad>(mode, margins); }

}  // namespace ink
