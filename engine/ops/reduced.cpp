#include "engine/ops/reduced.h"

#include "engine/ops/epilogue_op.h"

namespace ink {
namespace {

class PreparedReduced : public PreparedOp {
 public:
  PreparedReduced(ReducedConv conv, const ConvParams& params, const Epilogue& epilogue)
      : conv_(std::move(conv)), params_(params), epilogue_(epilogue) {}

  const char* kernel() const override { return conv_.variant().name; }
  size_t packed_bytes() const override { return conv_.packed_bytes(); }
  size_t scratch_bytes(std::span<const Shape>, const Shape&, int threads) const override {
    return conv_.scratch_floats(threads) * sizeof(float);
  }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * params_.ic * params_.kh * params_.kw * static_cast<double>(output.elements());
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs, const Shape&) const override {
    if (input == 1) return region;  // the residual
    return conv_source_region(params_, region, inputs[0]);
  }
  void run(const RunContext& context) const override {
    conv_.run(context.inputs[0].floats(), context.output.floats(), residual_of(context), epilogue_,
              context.region, context.threads, context.scratch);
  }

 private:
  ReducedConv conv_;
  ConvParams params_;
  Epilogue epilogue_;
};

}  // namespace

const char* reduced_declines(const ConvParams& params) {
  constexpr int kPictureChannels = 4;
  if (params.ic <= kPictureChannels) return "it reads a picture";
  return ReducedConv::declines(params);
}

const char* reduced_linear_declines(int in) { return ReducedConv::declines({.ic = in}); }

std::unique_ptr<PreparedOp> prepared_reduced(ReducedConv conv, const ConvParams& params,
                                             const Epilogue& epilogue) {
  return std::make_unique<PreparedReduced>(std::move(conv), params, epilogue);
}

}  // namespace ink
