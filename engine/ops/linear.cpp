#include <type_traits>

#include "engine/ops/epilogue_op.h"
#include "engine/ops/folded_weights.h"
#include "kernels/gemm/gemm.h"

namespace ink {
namespace {

class PreparedLinear : public PreparedOp {
 public:
  PreparedLinear(const GemmVariant& variant, GemmPanels panels, Epilogue epilogue)
      : variant_(variant), panels_(std::move(panels)), epilogue_(epilogue) {}

  const char* kernel() const override { return variant_.name; }
  size_t packed_bytes() const override { return panels_.bytes(); }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * panels_.k() * static_cast<double>(output.elements());
  }
  void run(const RunContext& context) const override {
    const View<const float> src = context.inputs[0].floats(), residual = residual_of(context);
    const View<float> dst = context.output.floats();
    for (int image = 0; image < dst.n; ++image) {
      for (int y = context.region.y0; y < context.region.y1; ++y) {
        const auto row = [&](const auto& map) {
          return std::remove_cvref_t<decltype(map)>{map.at(image, y, context.region.x0),
                                                    1,
                                                    1,
                                                    context.region.w(),
                                                    map.c,
                                                    0,
                                                    0,
                                                    0,
                                                    0,
                                                    map.pixel_stride};
        };
        gemm_run(variant_, panels_, row(src), row(dst), residual.data == nullptr ? residual : row(residual),
                 epilogue_, context.threads);
      }
    }
  }

 private:
  const GemmVariant& variant_;
  GemmPanels panels_;
  Epilogue epilogue_;
};

class Linear : public EpilogueOp {
 public:
  explicit Linear(LinearAttributes attributes) : attributes_(std::move(attributes)) {}

  const char* kind() const override { return "linear"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    if (src.c != attributes_.in) {
      return Error{ErrorKind::model, "expected " + std::to_string(attributes_.in) + " channels, found " +
                                         std::to_string(src.c)};
    }
    const Shape dst{src.n, src.h, src.w, attributes_.out};
    INK_TRY_STATUS(check_inputs(inputs, dst));
    return dst;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const int64_t in = attributes_.in, out = attributes_.out;
    const bool torch = attributes_.layout == WeightLayout::oihw;
    const std::vector<int64_t> shapes[] = {
        torch ? std::vector<int64_t>{out, in} : std::vector<int64_t>{in, out},
        torch ? std::vector<int64_t>{out, in, 1, 1} : std::vector<int64_t>{1, 1, in, out}};
    INK_TRY(const FoldedWeights folded, FoldedWeights::load(context.weights, attributes_.weight,
                                                            attributes_.bias, shapes, attributes_.out, {}));
    const GemmVariant& variant = choose_gemm(context.isa);
    GemmPanels panels(variant, attributes_.in, attributes_.out, folded.weights.data(), torch ? 1 : out,
                      torch ? in : 1, folded.bias.data());
    return std::unique_ptr<PreparedOp>(new PreparedLinear(variant, std::move(panels), epilogue_));
  }

 private:
  LinearAttributes attributes_;
};

}  // namespace

std::unique_ptr<Op> dense(DenseAttributes a) {
  return conv2d(
      {std::move(a.weight), std::move(a.bias), {.ic = a.c, .oc = a.out, .kh = a.h, .kw = a.w}, a.layout});
}

std::unique_ptr<Op> linear(LinearAttributes attributes) {
  return std::make_unique<Linear>(std::move(attributes));
}

}  // namespace ink
