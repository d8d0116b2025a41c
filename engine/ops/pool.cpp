#include "kernels/pool/pool.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class Pool : public Op {
 public:
  explicit Pool(PoolShape shape) : shape_(shape) {
    INK_CHECK(shape.sh > 0 && shape.sw > 0 && shape.top < shape.kh && shape.left < shape.kw &&
              shape.bottom < shape.kh && shape.right < shape.kw);
  }

  const char* kind() const override { return shape_.kind == PoolKind::max ? "max_pool" : "average_pool"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    const Shape dst{src.n, conv_output_size(src.h, shape_.top + shape_.bottom, shape_.kh, shape_.sh, 1),
                    conv_output_size(src.w, shape_.left + shape_.right, shape_.kw, shape_.sw, 1), src.c};
    if (dst.h == 0 || dst.w == 0) {
      return Error{ErrorKind::limit, "an input of " + src.text() + " is smaller than the window of " +
                                         std::to_string(shape_.kh) + "x" + std::to_string(shape_.kw)};
    }
    return dst;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const PoolVariant& variant = choose_pool(context.isa);
    const double flops = static_cast<double>(shape_.kh) * shape_.kw;
    return simple_prepared(
        {variant.name, flops, false},
        [&variant, shape = shape_](const RunContext& run) {
          pool_run(variant, shape, run.inputs[0].floats(), run.output.floats(), run.region, run.threads);
        },
        [shape = shape_](Rect region, const Shape& input, const Shape&) {
          return pool_source(shape, input.h, input.w, region);
        });
  }

 private:
  PoolShape shape_;
};

}  // namespace

std::unique_ptr<Op> pool(PoolShape shape) { return std::make_unique<Pool>(shape); }

}  // namespace ink
