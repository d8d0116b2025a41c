#include "kernels/pixel_shuffle/pixel_shuffle.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class PixelShuffle : public Op {
 public:
  explicit PixelShuffle(int factor) : factor_(factor) { INK_CHECK(factor > 0); }

  const char* kind() const override { return "pixel_shuffle"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    if (src.c % (factor_ * factor_) != 0) {
      return Error{ErrorKind::model, std::to_string(src.c) + " channels cannot be spread over " +
                                         std::to_string(factor_) + "x" + std::to_string(factor_) + " pixels"};
    }
    return Shape{src.n, multiplied(src.h, factor_), multiplied(src.w, factor_), src.c / (factor_ * factor_)};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const PixelShuffleVariant& variant = choose_pixel_shuffle(context.isa);
    return simple_prepared(
        {variant.name, 0, false},
        [&variant, factor = factor_](const RunContext& run) {
          pixel_shuffle_run(variant, factor, run.inputs[0].floats(), run.output.floats(), run.region,
                            run.threads);
        },
        [factor = factor_](Rect region, const Shape&, const Shape&) {
          return pixel_shuffle_source(factor, region);
        });
  }

 private:
  int factor_;
};

}  // namespace

std::unique_ptr<Op> pixel_shuffle(int factor) { return std::make_unique<PixelShuffle>(factor); }

}  // namespace ink
