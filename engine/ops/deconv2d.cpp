#include <optional>
#include <type_traits>

#include "engine/ops/epilogue_op.h"
#include "engine/ops/folded_weights.h"
#include "engine/ops/patch.h"
#include "kernels/conv/narrow.h"
#include "kernels/deconv/winograd_deconv.h"

namespace ink {
namespace {

// Kernel: Deconv, NarrowConv or WinogradDeconv.
template <class Kernel>
class PreparedDeconv2d : public PreparedOp {
  static constexpr bool kWinograd = std::is_same_v<Kernel, WinogradDeconv>;

 public:
  PreparedDeconv2d(const char* kernel, Kernel deconv, const DeconvParams& params, Epilogue epilogue)
      : kernel_(kernel), deconv_(std::move(deconv)), params_(params), epilogue_(epilogue) {}

  const char* kernel() const override { return kernel_; }
  size_t packed_bytes() const override { return deconv_.packed_bytes(); }
  size_t scratch_bytes(std::span<const Shape>, const Shape& output, int threads) const override {
    if constexpr (kWinograd) {
      return deconv_.scratch_floats(threads, output.n, output.h, output.w) * sizeof(float);
    } else {
      return deconv_.scratch_floats(threads) * sizeof(float);
    }
  }
  double flops(std::span<const Shape> inputs, const Shape&) const override {
    return 2.0 * (params_.oc / params_.groups) * params_.kh * params_.kw *
           static_cast<double>(inputs[0].elements());
  }
  int grid() const override {
    if constexpr (kWinograd) return deconv_.grid();
    return 1;
  }
  // Pieces of a grid's cells would not be the cells.
  bool elementwise_in(size_t input) const override { return input == 1 && grid() == 1; }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs, const Shape&) const override {
    if (input == 1) return region;  // the residual
    if constexpr (kWinograd) {
      const Rect patches{region.y0 / 2, region.x0 / 2, (region.y1 + 1) / 2, (region.x1 + 1) / 2};
      return conv_source_region(deconv_.patches(), patches, inputs[0], deconv_.grid() / 2);
    }
    const DeconvParams& p = params_;
    // Output y reads the inputs (y + pad - r) / stride that are whole, 0 <= r < kernel.
    const auto source = [](int y0, int y1, int pad, int kernel, int stride, int size) {
      const int begin = std::max(0, y0 + pad - kernel + 1 + stride - 1) / stride;
      return AxisSpan{std::min(begin, size), std::clamp((y1 - 1 + pad) / stride + 1, 0, size)};
    };
    const AxisSpan rows = source(region.y0, region.y1, p.pad_top, p.kh, p.sh, inputs[0].h);
    const AxisSpan columns = source(region.x0, region.x1, p.pad_left, p.kw, p.sw, inputs[0].w);
    return {rows.begin, columns.begin, rows.end, columns.end};
  }
  void run(const RunContext& context) const override {
    deconv_.run(context.inputs[0].floats(), context.output.floats(), residual_of(context), epilogue_,
                context.region, context.threads, context.scratch);
  }

 private:
  const char* kernel_;
  Kernel deconv_;
  DeconvParams params_;
  Epilogue epilogue_;
};

class Deconv2d : public EpilogueOp {
 public:
  explicit Deconv2d(Deconv2dAttributes attributes) : attributes_(std::move(attributes)) {
    const DeconvParams& p = attributes_.params;
    INK_CHECK(p.groups > 0 && p.ic % p.groups == 0 && p.oc % p.groups == 0 && p.sh > 0 && p.sw > 0);
  }

  const char* kind() const override { return "deconv2d"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const DeconvParams& p = attributes_.params;
    const Shape& src = inputs[0];
    if (src.c != p.ic) {
      return Error{ErrorKind::model,
                   "expected " + std::to_string(p.ic) + " channels, found " + std::to_string(src.c)};
    }
    const auto size = [](int in, int stride, int pads, int kernel) {
      return in == Shape::kUnknown ? in : checked_size((in - int64_t{1}) * stride - pads + kernel);
    };
    const Shape dst{src.n, size(src.h, p.sh, p.pad_top + p.pad_bottom, p.kh),
                    size(src.w, p.sw, p.pad_left + p.pad_right, p.kw), p.oc};
    INK_TRY_STATUS(check_inputs(inputs, dst));
    return dst;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const bool scales = side_by_side();
    return scales ? prepare_plain(context) : with_scales(prepare_plain(context), context.isa);
  }

  bool absorb_batch_norm(const BatchNormAttributes& batch_norm) override {
    if (batch_norm_.has_value() || has_residual_ || epilogue_.activation != Activation::none) return false;
    batch_norm_ = batch_norm;
    return true;
  }

 private:
  // Kernels that stand side by side.
  Cells cells() const override {
    const DeconvParams& p = attributes_.params;
    const bool apart = p.kh == p.sh && p.kw == p.sw && p.kh == p.kw;
    const bool cropped = p.pad_top != 0 || p.pad_left != 0 || p.pad_bottom != 0 || p.pad_right != 0;
    return apart && !cropped ? Cells{1, p.sh} : Cells{};
  }
  bool side_by_side() const {
    const DeconvParams& p = attributes_.params;
    return NarrowConv::declines(p) != nullptr && PatchConv::declines(p) == nullptr;
  }

  Result<std::unique_ptr<PreparedOp>> prepare_plain(const PrepareContext& context) const {
    const DeconvParams& p = attributes_.params;
    const std::vector<int64_t> shapes[] = {{p.ic, p.oc / p.groups, p.kh, p.kw}};
    INK_TRY(const FoldedWeights folded, FoldedWeights::load(context.weights, attributes_.weight,
                                                            attributes_.bias, shapes, p.oc, batch_norm_));
    const GemmVariant& gemm = choose_gemm(context.isa);
    const auto prepared = [&]<class Kernel>(const char* name, Kernel kernel) {
      return std::unique_ptr<PreparedOp>(new PreparedDeconv2d<Kernel>(name, std::move(kernel), p, epilogue_));
    };
    const float *weights = folded.weights.data(), *bias = folded.bias.data();
    const double* factors = folded.factors_or_null();
    if (NarrowConv::declines(p) == nullptr) {
      const NarrowVariant& narrow = choose_narrow(context.isa);
      return prepared(narrow.name, NarrowConv(narrow, p, weights, bias, factors));
    }
    if (side_by_side()) {
      return prepared_patch(gemm.name, PatchConv(gemm, choose_binary(context.isa), p, weights, bias, factors),
                            epilogue_, scaled_, has_residual_);
    }
    if (WinogradDeconv::declines(p) == nullptr) {
      const WinogradVariant& winograd = choose_winograd(context.isa, 4);
      return prepared(winograd.name, WinogradDeconv(winograd, gemm, p, weights, bias, factors));
    }
    return prepared(gemm.name, Deconv(gemm, p, weights, bias, factors));
  }

  Deconv2dAttributes attributes_;
  std::optional<BatchNormAttributes> batch_norm_;
};

}  // namespace

std::unique_ptr<Op> deconv2d(Deconv2dAttributes attributes) {
  return std::make_unique<Deconv2d>(std::move(attributes));
}

}  // namespace ink
