#include "kernels/gram/gram.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

// Regions of these outputs need the whole map: networks that have them run on maps of one size, whole.
Rect whole_of(const Shape& shape) { return {0, 0, shape.h, shape.w}; }

class PreparedGram : public PreparedOp {
 public:
  explicit PreparedGram(const GramVariant& variant) : variant_(variant) {}

  const char* kernel() const override { return variant_.name; }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape&, int) const override {
    return gram_scratch_bytes(inputs[0].c);
  }
  double flops(std::span<const Shape> inputs, const Shape&) const override {
    return 2.0 * inputs[0].c * static_cast<double>(inputs[0].elements());
  }
  Rect input_region(size_t, Rect, std::span<const Shape> inputs, const Shape&) const override {
    return whole_of(inputs[0]);
  }
  void run(const RunContext& context) const override {
    gram_run(variant_, context.inputs[0].floats(), context.output.floats(), context.region,
             reinterpret_cast<double*>(context.scratch), context.threads);
  }

 private:
  const GramVariant& variant_;
};

class Gram : public Op {
 public:
  const char* kind() const override { return "gram"; }
  Result<Shape> infer(std::span<const Shape> inputs) const override {
    return Shape{inputs[0].n, 1, inputs[0].c, inputs[0].c};
  }
  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    return std::unique_ptr<PreparedOp>(new PreparedGram(choose_gram(context.isa)));
  }
};

class RowMax : public Op {
 public:
  const char* kind() const override { return "row_max"; }
  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    if (src.h < 0 || src.w < 0) return Shape{src.n, 1, 1, Shape::kUnknown};
    return Shape{src.n, 1, 1, checked_size(static_cast<int64_t>(src.h) * src.w)};
  }
  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext&) const override {
    return simple_prepared(
        {"row_max_reference", 1, false},
        [](const RunContext& run) { row_max_run(run.inputs[0].floats(), run.output.floats()); },
        [](Rect, const Shape& input, const Shape&) { return whole_of(input); });
  }
};

}  // namespace

std::unique_ptr<Op> gram() { return std::make_unique<Gram>(); }

std::unique_ptr<Op> row_max() { return std::make_unique<RowMax>(); }

}  // namespace ink
