#include "engine/ops/ops.h"
#include "kernels/pool/global_mean.h"

namespace ink {
namespace {

class PreparedGlobalAveragePool : public PreparedOp, private Reduction {
 public:
  explicit PreparedGlobalAveragePool(const GlobalMeanVariant& variant) : variant_(variant) {}

  const char* kernel() const override { return variant_.name; }
  const Reduction* reduction() const override { return this; }
  bool image_by_image() const override { return true; }
  Rect input_region(size_t, Rect, std::span<const Shape> inputs, const Shape&) const override {
    return {0, 0, inputs[0].h, inputs[0].w};
  }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape&, int) const override {
    return global_sum_bytes(inputs[0].h, inputs[0].w, inputs[0].c);
  }
  double flops(std::span<const Shape> inputs, const Shape&) const override {
    return static_cast<double>(inputs[0].elements());
  }
  void run(const RunContext& context) const override {
    if (context.sums != nullptr) return finish(context.inputs[0].shape, context.sums, context.output);
    global_mean_run(variant_, context.inputs[0].floats(), context.output.floats(),
                    reinterpret_cast<double*>(context.scratch), context.threads);
  }

 private:
  int column_grid() const override { return kMeanCellColumns; }
  size_t state_bytes(const Shape& input) const override {
    return static_cast<size_t>(input.n) * global_sum_bytes(input.h, input.w, input.c);
  }
  void add(const TensorView& part, Rect region, void* state, int threads) const override {
    const View<const float> src = part.floats();
    for (int image = 0; image < src.n; ++image)
      global_sum_add(variant_, src, image, region, static_cast<double*>(state) + image * sums(part.shape),
                     threads);
  }
  void finish(const Shape& input, const void* state, const TensorView& output) const override {
    const View<float> dst = output.floats();
    for (int image = 0; image < input.n; ++image) {
      global_mean_finish(static_cast<const double*>(state) + image * sums(input),
                         global_mean_cells(input.h, input.w), input.c,
                         static_cast<int64_t>(input.h) * input.w, dst.at(image, 0, 0));
    }
  }
  // Of one image.
  static int64_t sums(const Shape& input) { return global_mean_cells(input.h, input.w) * input.c; }

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
