#include "engine/ops/patch.h"

#include "kernels/base/divide.h"

namespace ink {
namespace {

class PreparedPatch : public PreparedOp {
 public:
  PreparedPatch(const char* kernel, PatchConv conv, Epilogue epilogue, ScaledInputs scaled, bool has_residual)
      : kernel_(kernel),
        conv_(std::move(conv)),
        epilogue_(epilogue),
        scaled_(scaled),
        has_residual_(has_residual) {}

  const char* kernel() const override { return kernel_; }
  std::string note() const override {
    return scaled_.count() > 0 ? "side by side; scales what it reads by the channel" : "side by side";
  }
  size_t packed_bytes() const override { return conv_.packed_bytes(); }
  bool image_by_image() const override { return true; }
  size_t scratch_bytes(std::span<const Shape>, const Shape&, int threads) const override {
    return conv_.scratch_floats(threads) * sizeof(float);
  }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * conv_.k() * static_cast<double>(output.elements());
  }
  // What a piece adds is read where it is stored, or before.
  bool may_overwrite(size_t input) const override { return is_residual(input); }
  bool elementwise_in(size_t input) const override { return is_residual(input); }
  Cells cells(size_t input) const override {
    const auto [in, out] = std::pair(conv_.in(), conv_.out());
    if (input == 0) return in.h == in.w && out.h == out.w ? Cells{in.h, out.h} : Cells{};
    return is_residual(input) ? Cells{1, 1} : Cells{};
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape>, const Shape&) const override {
    if (is_residual(input)) return region;
    if (input > 0) return {0, 0, 1, 1};
    const auto [in, out] = std::pair(conv_.in(), conv_.out());
    return {region.y0 / out.h * in.h, region.x0 / out.w * in.w, divide_up(region.y1, out.h) * in.h,
            divide_up(region.x1, out.w) * in.w};
  }
  void run(const RunContext& context) const override {
    const std::span<const TensorView> inputs = context.inputs;
    size_t next = 1;
    const auto take = [&](bool there) {
      return there ? View<const float>(inputs[next++].floats()) : View<const float>{};
    };
    const View<const float> residual = take(has_residual_), source_scale = take(scaled_.source),
                            residual_scale = take(scaled_.residual);
    conv_.run(inputs[0].floats(), context.output.floats(), residual, {source_scale, residual_scale},
              epilogue_, context.region, context.threads, context.scratch);
  }

 private:
  bool is_residual(size_t input) const { return input == 1 && has_residual_; }

  const char* kernel_;
  PatchConv conv_;
  Epilogue epilogue_;
  ScaledInputs scaled_;
  bool has_residual_;
};

}  // namespace

std::unique_ptr<PreparedOp> prepared_patch(const char* kernel, PatchConv conv, Epilogue epilogue,
                                           ScaledInputs scaled, bool has_residual) {
  return std::make_unique<PreparedPatch>(kernel, std::move(conv), epilogue, scaled, has_residual);
}

}  // namespace ink
