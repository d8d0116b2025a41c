#include <optional>
#include <type_traits>

#include "engine/ops/epilogue_op.h"
#include "engine/ops/folded_weights.h"
#include "engine/ops/patch.h"
#include "engine/ops/reduced.h"
#include "kernels/conv/narrow.h"
#include "kernels/conv/pointwise.h"
#include "kernels/conv/winograd.h"
#include "kernels/depthwise/expand_depthwise.h"
#include "weights/finite.h"
#include "weights/message.h"

namespace ink {
namespace {

// The number of pictures may still be unknown: it changes no choice of a kernel.
bool size_known(const Shape& shape) { return shape.h != Shape::kUnknown && shape.w != Shape::kUnknown; }

// Conv: TapConv, WinogradConv, NarrowConv or DepthwiseConv.
template <class Conv>
class PreparedConv2d : public PreparedOp {
 public:
  PreparedConv2d(const char* kernel, std::string note, Conv conv, const ConvParams& params, Epilogue epilogue)
      : kernel_(kernel),
        note_(std::move(note)),
        conv_(std::move(conv)),
        params_(params),
        epilogue_(epilogue) {}

  const char* kernel() const override { return kernel_; }
  std::string note() const override { return note_; }
  size_t packed_bytes() const override { return conv_.packed_bytes(); }
  bool image_by_image() const override { return true; }
  size_t scratch_bytes(std::span<const Shape>, const Shape& output, int threads) const override {
    if constexpr (std::is_same_v<Conv, WinogradConv>) {
      return conv_.scratch_floats(threads, output.n, output.h, output.w) * sizeof(float);
    } else {
      return conv_.scratch_floats(threads) * sizeof(float);
    }
  }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * (params_.ic / params_.groups) * params_.kh * params_.kw *
           static_cast<double>(output.elements());
  }
  int grid() const override {
    if constexpr (std::is_same_v<Conv, WinogradConv>) return conv_.tile();
    return 1;
  }
  // A tile adds the residual where it stores, and reads nothing else there.
  bool may_overwrite(size_t input) const override {
    return input == 1 && (std::is_same_v<Conv, TapConv> || std::is_same_v<Conv, WinogradConv>);
  }
  // Pieces of a grid's cells would not be the cells.
  bool elementwise_in(size_t input) const override { return input == 1 && grid() == 1; }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs, const Shape&) const override {
    if (input == 1) return region;  // the residual
    return conv_source_region(params_, region, inputs[0], grid());
  }
  void run(const RunContext& context) const override {
    conv_.run(context.inputs[0].floats(), context.output.floats(), residual_of(context), epilogue_,
              context.region, context.threads, context.scratch);
  }

 private:
  const char* kernel_;
  std::string note_;
  Conv conv_;
  ConvParams params_;
  Epilogue epilogue_;
};

// Two convolutions in one; its input is that of the first.
class PreparedExpandDepthwise : public PreparedOp {
 public:
  PreparedExpandDepthwise(const char* kernel, ExpandDepthwise conv, const ConvParams& params,
                          Epilogue epilogue)
      : kernel_(kernel), conv_(std::move(conv)), params_(params), epilogue_(epilogue) {}

  const char* kernel() const override { return kernel_; }
  std::string note() const override { return "with the 1x1 convolution before it"; }
  size_t packed_bytes() const override { return conv_.packed_bytes(); }
  bool image_by_image() const override { return true; }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape&, int threads) const override {
    return conv_.scratch_floats(threads, inputs[0].w) * sizeof(float);
  }
  double flops(std::span<const Shape> inputs, const Shape& output) const override {
    const double widened = static_cast<double>(inputs[0].elements()) * params_.ic;
    return 2.0 * (widened + static_cast<double>(output.elements()) * params_.kh * params_.kw);
  }
  Rect input_region(size_t, Rect region, std::span<const Shape> inputs, const Shape&) const override {
    return conv_source_region(params_, region, inputs[0]);
  }
  bool gives_sums() const override { return true; }
  void run(const RunContext& context) const override {
    conv_.run(context.inputs[0].floats(), context.output.floats(), epilogue_, context.region, context.threads,
              context.scratch, static_cast<double*>(context.sums));
  }

 private:
  const char* kernel_;
  ExpandDepthwise conv_;
  ConvParams params_;
  Epilogue epilogue_;
};

// The last input scales the channels of the first.
class PreparedPointwise : public PreparedOp {
 public:
  PreparedPointwise(const char* kernel, PointwiseConv conv, const ConvParams& params, Epilogue epilogue,
                    bool has_residual)
      : kernel_(kernel),
        conv_(std::move(conv)),
        params_(params),
        epilogue_(epilogue),
        has_residual_(has_residual) {}

  const char* kernel() const override { return kernel_; }
  std::string note() const override { return "scales its input by the channel"; }
  size_t packed_bytes() const override { return conv_.packed_bytes(); }
  bool image_by_image() const override { return true; }
  size_t scratch_bytes(std::span<const Shape>, const Shape& output, int threads) const override {
    return conv_.scratch_floats(threads, int64_t{output.h} * output.w) * sizeof(float);
  }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * params_.ic * static_cast<double>(output.elements());
  }
  bool may_overwrite(size_t input) const override { return input == 1 && has_residual_; }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs, const Shape&) const override {
    return input + 1 < inputs.size() ? region : Rect{0, 0, 1, 1};
  }
  void run(const RunContext& context) const override {
    const std::span<const TensorView> inputs = context.inputs;
    const View<const float> residual =
        has_residual_ ? View<const float>(inputs[1].floats()) : View<const float>{};
    conv_.run(inputs[0].floats(), context.output.floats(), residual, inputs.back().floats(), epilogue_,
              context.region, context.threads, context.scratch);
  }

 private:
  const char* kernel_;
  PointwiseConv conv_;
  ConvParams params_;
  Epilogue epilogue_;
  bool has_residual_;
};

class Conv2d : public EpilogueOp {
 public:
  explicit Conv2d(Conv2dAttributes attributes) : attributes_(std::move(attributes)) {
    const ConvParams& p = attributes_.params;
    INK_CHECK(p.groups > 0 && p.ic % p.groups == 0 && p.oc % p.groups == 0 && p.sh > 0 && p.sw > 0);
  }

  const char* kind() const override { return "conv2d"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const ConvParams& p = attributes_.params;
    const Shape& src = inputs[0];
    const int channels = expansion_ != nullptr ? expansion_->attributes_.params.ic : p.ic;
    if (src.c != channels) {
      return Error{ErrorKind::model,
                   "expected " + std::to_string(channels) + " channels, found " + std::to_string(src.c)};
    }
    const Shape dst{src.n, conv_output_size(src.h, p.pad_top + p.pad_bottom, p.kh, p.sh, p.dh),
                    conv_output_size(src.w, p.pad_left + p.pad_right, p.kw, p.sw, p.dw), p.oc};
    if (dst.h == 0 || dst.w == 0) {
      return Error{ErrorKind::limit, "an input of " + src.text() + " is smaller than the kernel of " +
                                         std::to_string(p.kh) + "x" + std::to_string(p.kw)};
    }
    INK_TRY_STATUS(check_inputs(inputs, dst));
    return dst;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const bool scales = pointwise_scale() || side_by_side(context);
    return scales ? prepare_plain(context) : with_scales(prepare_plain(context), context.isa);
  }

  Result<std::unique_ptr<PreparedOp>> prepare_plain(const PrepareContext& context) const {
    if (!waits(context)) {
      INK_TRY(const Loaded loaded, load(context.weights, nullptr));
      return make(context, loaded, nullptr);
    }
    // Factors and bias are small; of the weights only their place is known.
    ReleasedTensors released;
    INK_TRY(Loaded loaded, load(context.weights, &released));
    if (released.tensors.size() != loaded.all()) {
      INK_TRY_STATUS(released.fault());
      return make(context, loaded, nullptr);
    }
    // Depthwise weights are few and no panels.
    if (expansion_ != nullptr) INK_TRY_STATUS(check_finite(released.tensors.front(), released.origin));
    const MakeOp make_late = [conv = std::make_shared<const Conv2d>(*this), isa = context.isa,
                              inputs = std::vector<Shape>(context.inputs.begin(), context.inputs.end()),
                              compact = context.compact,
                              loaded = std::make_shared<const Loaded>(std::move(loaded))](Packing& packing) {
      return conv->make({isa, inputs, compact, Precision::f32}, *loaded, &packing);
    };
    return prepared_late(make_late, std::move(released));
  }

 private:
  // Of a PrepareContext, what the choice of a kernel depends on.
  struct Choice {
    Isa isa;
    std::span<const Shape> inputs;
    bool compact;
    Precision precision;

    Choice(const PrepareContext& context)
        : isa(context.isa), inputs(context.inputs), compact(context.compact), precision(context.precision) {}
    Choice(Isa set, std::span<const Shape> shapes, bool small, Precision of_products)
        : isa(set), inputs(shapes), compact(small), precision(of_products) {}
  };

  // Of this convolution, and of the one before it that it does, too.
  struct Loaded {
    FoldedWeights own;
    std::optional<FoldedWeights> expansion;

    size_t all() const { return expansion ? 2 : 1; }
  };

  // Whether weights are packed by the run. Not where that comes in pieces of a map, nor those that are few.
  bool waits(const PrepareContext& context) const {
    constexpr double kFew = 4096;
    return context.once && context.precision == Precision::f32 && weight_count() >= kFew &&
           (scaled_.count() == 0 || pointwise_scale()) &&
           (expansion_ != nullptr || DepthwiseConv::declines(attributes_.params) != nullptr) &&
           NarrowConv::declines(attributes_.params) != nullptr && !side_by_side(context);
  }

  std::unique_ptr<PreparedOp> make(const Choice& context, const Loaded& loaded, Packing* packing) const {
    const ConvParams& p = attributes_.params;
    const FoldedWeights& folded = loaded.own;
    const GemmVariant& gemm = choose_gemm(context.isa);
    ConvWeights weights(folded.weights.data(), attributes_.layout, folded.factors_or_null());
    weights.packing = packing;
    const float* bias = folded.bias.data();
    const auto prepared = [&]<class Conv>(const char* kernel, std::string note, Conv conv) {
      return std::unique_ptr<PreparedOp>(
          new PreparedConv2d<Conv>(kernel, std::move(note), std::move(conv), p, epilogue_));
    };
    if (pointwise_scale()) {
      return std::unique_ptr<PreparedOp>(
          new PreparedPointwise(gemm.name, PointwiseConv(gemm, choose_binary(context.isa), p, weights, bias),
                                p, epilogue_, has_residual_));
    }
    if (expansion_ != nullptr) return make_expansion(context.isa, *loaded.expansion, weights, bias);
    if (DepthwiseConv::declines(p) == nullptr) {
      const DepthwiseVariant& depthwise = choose_depthwise(context.isa);
      return prepared(depthwise.name, "", DepthwiseConv(depthwise, p, weights, bias));
    }
    std::string note;
    if (context.precision != Precision::f32) {
      const char* declined = reduced_declines(p);
      if (declined == nullptr) {
        const ReducedVariant& reduced = choose_reduced(context.precision, context.isa);
        return prepared_reduced(ReducedConv(reduced, p, weights, bias), p, epilogue_);
      }
      note = concat(precision_name(context.precision), " declined: ", declined, "; ");
    }
    if (side_by_side(context)) {
      return prepared_patch(gemm.name, PatchConv(gemm, choose_binary(context.isa), p, weights, bias),
                            epilogue_, scaled_, has_residual_);
    }
    const char* reason = winograd_declines(p);
    // Maps of any size are those of pictures. Tiles of 6x6 want their weights in the second-level cache
    // beside the inputs of some tiles: else those of 4x4 are faster, and take less memory.
    constexpr int64_t kMostBytes = 2500 << 10, kTiles = 16;
    int tile = int64_t{winograd_points(6)} * p.ic * (p.oc + kTiles) * 4 <= kMostBytes ? 6 : 4;
    if (reason == nullptr && size_known(context.inputs[0])) {
      const Result<Shape> dst = infer(context.inputs);
      if (dst.ok()) {
        reason = winograd_declines_map(dst->h, dst->w);
        tile = winograd_tile(dst->h, dst->w);
      }
      if (reason == nullptr && context.compact) reason = "the memory for its weights does more elsewhere";
    }
    if (reason == nullptr) {
      const WinogradVariant& winograd = choose_winograd(context.isa, tile);
      return prepared(winograd.name, std::move(note), WinogradConv(winograd, gemm, p, weights, bias));
    }
    note += std::string("winograd declined: ") + reason;
    if (NarrowConv::declines(p) == nullptr) {
      const NarrowVariant& narrow = choose_narrow(context.isa);
      return prepared(narrow.name, std::move(note), NarrowConv(narrow, p, weights, bias));
    }
    return prepared(gemm.name, std::move(note), make_conv(gemm, p, weights, bias));
  }

 public:
  double weight_count() const override {
    const ConvParams& p = attributes_.params;
    const double own = static_cast<double>(p.ic / p.groups) * p.oc * p.kh * p.kw;
    return own + (expansion_ == nullptr ? 0 : expansion_->weight_count());
  }
  std::vector<ReducedWeight> reduced_weights() const override {
    const ConvParams& p = attributes_.params;
    if (DepthwiseConv::declines(p) == nullptr || reduced_declines(p) != nullptr) return {};
    return {{attributes_.weight, attributes_.layout}};
  }
  Swelling swelling(std::span<const Shape> inputs) const override {
    const ConvParams& p = attributes_.params;
    if (winograd_declines(p) != nullptr || !size_known(inputs[0])) return {};
    const Result<Shape> dst = infer(inputs);
    if (!dst.ok() || winograd_declines_map(dst->h, dst->w) != nullptr) return {};
    const double weights = static_cast<double>(p.ic) * p.oc, taps = p.kh * p.kw;
    const int tile = winograd_tile(dst->h, dst->w), points = winograd_points(tile);
    return {(points - taps) * weights * sizeof(float),
            (taps * dst->h * dst->w - points * static_cast<double>(winograd_tiles(tile, dst->h, dst->w))) *
                weights};
  }

  bool absorb_batch_norm(const BatchNormAttributes& batch_norm) override {
    if (batch_norm_.has_value() || has_residual_ || epilogue_.activation != Activation::none) return false;
    batch_norm_ = batch_norm;
    return true;
  }

  bool absorb_source(const Op& source) override {
    const Conv2d* conv = dynamic_cast<const Conv2d*>(&source);
    if (conv == nullptr || expansion_ != nullptr || conv->expansion_ != nullptr) return false;
    if (has_residual_ || conv->has_residual_ || scaled_.count() > 0 || conv->scaled_.count() > 0)
      return false;
    if (ExpandDepthwise::declines(conv->attributes_.params, attributes_.params) != nullptr) return false;
    expansion_ = std::make_shared<const Conv2d>(*conv);
    return true;
  }

 private:
  // Kernels that stand side by side.
  Cells cells() const override {
    const ConvParams& p = attributes_.params;
    const bool apart = p.kh == p.sh && p.kw == p.sw && p.kh == p.kw && p.dh == 1 && p.dw == 1;
    const bool padded = p.pad_top != 0 || p.pad_left != 0 || p.pad_bottom != 0 || p.pad_right != 0;
    return expansion_ == nullptr && apart && !padded ? Cells{p.kh, 1} : Cells{};
  }
  // Whether the factors of its map go into the weights.
  bool pointwise_scale() const {
    return scaled_.source && !scaled_.residual && PointwiseConv::declines(attributes_.params) == nullptr;
  }
  bool side_by_side(const Choice& context) const {
    const ConvParams& p = attributes_.params;
    if (expansion_ != nullptr || DepthwiseConv::declines(p) == nullptr || NarrowConv::declines(p) == nullptr)
      return false;
    const bool reduced = context.precision != Precision::f32 && reduced_declines(p) == nullptr;
    return !reduced && PatchConv::declines(p) == nullptr;
  }

  Result<Loaded> load(const WeightStore& store, ReleasedTensors* released) const {
    Loaded loaded;
    INK_TRY(loaded.own, FoldedWeights::load(store, attributes_.weight, attributes_.bias, stored_shapes(),
                                            attributes_.params.oc, batch_norm_, released));
    if (expansion_ != nullptr) {
      INK_TRY(Loaded before, expansion_->load(store, released));
      loaded.expansion = std::move(before.own);
    }
    return loaded;
  }

  std::unique_ptr<PreparedOp> make_expansion(Isa isa, const FoldedWeights& folded, const ConvWeights& weights,
                                             const float* bias) const {
    const Conv2dAttributes& wide = expansion_->attributes_;
    ConvWeights wide_weights(folded.weights.data(), wide.layout, folded.factors_or_null());
    wide_weights.packing = weights.packing;
    const GemmVariant& gemm = choose_gemm(isa);
    const DepthwiseVariant& depthwise = choose_depthwise(isa);
    return std::unique_ptr<PreparedOp>(new PreparedExpandDepthwise(
        depthwise.name,
        ExpandDepthwise(gemm, choose_activation(isa), depthwise, wide.params, wide_weights,
                        folded.bias.data(), expansion_->epilogue_, attributes_.params, weights, bias),
        attributes_.params, epilogue_));
  }

  // A dense layer behind a flattened map is a convolution whose kernel is the map: its matrix lies as the
  // kernel would.
  std::vector<std::vector<int64_t>> stored_shapes() const {
    const ConvParams& p = attributes_.params;
    const int64_t icg = p.ic / p.groups, k = icg * p.kh * p.kw;
    if (attributes_.layout == WeightLayout::oihw) return {{p.oc, icg, p.kh, p.kw}, {p.oc, k}};
    if (p.groups == p.ic && p.ic > 1) return {{p.kh, p.kw, p.ic, p.oc / p.ic}, {p.kh, p.kw, 1, p.oc}};
    return {{p.kh, p.kw, icg, p.oc}, {k, p.oc}};
  }

  Conv2dAttributes attributes_;
  std::optional<BatchNormAttributes> batch_norm_;
  std::shared_ptr<const Conv2d> expansion_;  // the 1x1 convolution before this one, which is depthwise
};

}  // namespace

std::unique_ptr<Op> conv2d(Conv2dAttributes attributes) {
  return std::make_unique<Conv2d>(std::move(attributes));
}

}  // namespace ink
