#include <type_traits>
#include <utility>

#include "engine/ops/epilogue_op.h"
#include "engine/ops/folded_weights.h"
#include "engine/ops/late.h"
#include "engine/ops/reduced.h"
#include "kernels/gemm/gemm.h"
#include "weights/file.h"
#include "weights/finite.h"

namespace ink {
namespace {

class PreparedLinear : public PreparedOp {
 public:
  PreparedLinear(const GemmVariant& variant, GemmPanels panels, Epilogue epilogue, ReleasedTensors released)
      : variant_(variant), panels_(std::move(panels)), epilogue_(epilogue), released_(std::move(released)) {}

  const char* kernel() const override { return variant_.name; }
  size_t packed_bytes() const override { return panels_.bytes(); }
  bool may_overwrite(size_t input) const override { return input == 1; }  // the residual
  double flops(std::span<const Shape>, const Shape& output) const override {
    return 2.0 * panels_.k() * static_cast<double>(output.elements());
  }
  size_t scratch_bytes(std::span<const Shape>, const Shape& output, int threads) const override {
    const int64_t rows = static_cast<int64_t>(output.n) * output.h * output.w;
    return gemm_scratch_floats(variant_, panels_, rows, threads) * sizeof(float);
  }
  double bytes(std::span<const Shape> inputs, const Shape& output) const override {
    double weights = 0;
    for (const StoredTensor& tensor : released_.tensors) weights += static_cast<double>(tensor.bytes.size());
    return PreparedOp::bytes(inputs, output) + weights;
  }
  Status fault() const override {
    if (panels_.loose() == nullptr || !panels_.loose()->saw_non_finite()) return {};
    return released_.fault();
  }
  void run(const RunContext& context) const override {
    const View<const float> src = context.inputs[0].floats(), residual = residual_of(context);
    const View<float> dst = context.output.floats();
    if (context.region == dst.whole() && is_matrix(src) && is_matrix(dst) && is_matrix(residual)) {
      return gemm_run(variant_, panels_, matrix(src), matrix(dst), matrix(residual), epilogue_,
                      context.threads, context.scratch);
    }
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
                 epilogue_, context.threads, context.scratch);
      }
    }
  }

 private:
  // Whether all pixels of all images lie one step apart, so that they are the rows of one matrix.
  template <class T>
  static bool is_matrix(const View<T>& map) {
    if (map.data == nullptr) return true;
    const int64_t image = static_cast<int64_t>(map.h) * map.w * step(map);
    return (map.h == 1 || map.row_stride == map.w * step(map)) && (map.n == 1 || map.image_stride == image) &&
           static_cast<int64_t>(map.n) * map.h * map.w <= std::numeric_limits<int>::max();
  }
  // From a pixel to the next; of maps of one pixel, from an image to the next.
  template <class T>
  static int64_t step(const View<T>& map) {
    return map.h * map.w == 1 ? map.image_stride : map.pixel_stride;
  }
  template <class T>
  static View<T> matrix(const View<T>& map) {
    if (map.data == nullptr) return map;
    return {map.at(0, 0, 0), 1, 1, map.n * map.h * map.w, map.c, 0, 0, 0, 0, step(map)};
  }

  const GemmVariant& variant_;
  GemmPanels panels_;
  Epilogue epilogue_;
  ReleasedTensors released_;
};

class Linear : public EpilogueOp {
 public:
  explicit Linear(std::vector<LinearAttributes> parts) : parts_(std::move(parts)) {
    INK_CHECK(!parts_.empty());
    for (const LinearAttributes& part : parts_) {
      INK_CHECK(part.in == parts_[0].in && part.in > 0 && part.out > 0);
      INK_CHECK(part.first >= 0 && part.out <= all_of(part) - part.first);
      out_ = checked_size(int64_t{out_} + part.out);
    }
  }

  const char* kind() const override { return "linear"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    if (src.c != parts_[0].in) {
      return Error{ErrorKind::model,
                   "expected " + std::to_string(parts_[0].in) + " channels, found " + std::to_string(src.c)};
    }
    const Shape dst{src.n, src.h, src.w, out_};
    INK_TRY_STATUS(check_inputs(inputs, dst));
    return dst;
  }

  double weight_count() const override { return static_cast<double>(parts_[0].in) * out_; }
  std::vector<ReducedWeight> reduced_weights() const override {
    std::vector<ReducedWeight> weights;
    if (reduced_linear_declines(parts_[0].in) != nullptr) return weights;
    for (const LinearAttributes& part : parts_) weights.push_back({part.weight, part.layout});
    return weights;
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const WeightStore& store = context.weights;
    if (context.precision != Precision::f32 && reduced_linear_declines(parts_[0].in) == nullptr) {
      return prepare_reduced(choose_reduced(context.precision, context.isa), store);
    }
    // Weights of 16 bits stay so where all of them are of one type and nothing is folded into them.
    std::vector<const StoredTensor*> tensors;
    DType dtype = DType::f32;
    for (const LinearAttributes& part : parts_) {
      INK_TRY(const StoredTensor* tensor, store.expect_weights(part.weight, stored_shape(store, part)));
      if (tensors.empty() && tensor->dtype != DType::i8) dtype = tensor->dtype;
      if (tensor->dtype != dtype || !part.scale.empty()) dtype = DType::f32;
      tensors.push_back(tensor);
    }
    const GemmVariant& variant = choose_gemm(context.isa);
    const bool loose = context.once && may_stay(store, tensors, dtype);
    ReleasedTensors released;
    if (loose) {
      for (const StoredTensor* tensor : tensors) {
        expect_pages(tensor->bytes);
        released.add(store, *tensor);
      }
    }
    GemmPanels panels =
        loose ? released_panels(variant, store, tensors) : GemmPanels(variant, parts_[0].in, out_, dtype);
    int first = 0;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (!loose) INK_TRY_STATUS(pack(store, parts_[i], *tensors[i], first, panels));
      INK_TRY_STATUS(add_bias(store, parts_[i], first, panels));
      if (!parts_[i].scale.empty()) INK_TRY_STATUS(scale(store, parts_[i], first, panels));
      first += parts_[i].out;
    }
    return std::unique_ptr<PreparedOp>(
        new PreparedLinear(variant, std::move(panels), epilogue_, std::move(released)));
  }

 private:
  static int all_of(const LinearAttributes& part) { return part.all == 0 ? part.out : part.all; }

  // Whether a run can read these weights as they are: rows of one kind, to which nothing is done.
  bool may_stay(const WeightStore& store, std::span<const StoredTensor* const> tensors, DType dtype) const {
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].layout != WeightLayout::oihw || !parts_[i].scale.empty() || tensors[i]->dtype != dtype ||
          store.owner_of(*tensors[i]) == nullptr) {
        return false;
      }
    }
    return true;
  }

  GemmPanels released_panels(const GemmVariant& variant, const WeightStore& store,
                             std::span<const StoredTensor* const> tensors) const {
    std::vector<GemmColumns> columns;
    auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
    for (size_t i = 0; i < parts_.size(); ++i) {
      const LinearAttributes& part = parts_[i];
      const auto skipped = static_cast<size_t>(part.first) * static_cast<size_t>(part.in);
      columns.push_back({tensors[i]->bytes.data() + skipped * dtype_size(tensors[i]->dtype), part.out});
      owners->push_back(store.owner_of(*tensors[i]));
    }
    return {variant, parts_[0].in, out_, tensors[0]->dtype, std::move(columns), std::move(owners)};
  }

  static std::vector<int64_t> stored_shape(const WeightStore& store, const LinearAttributes& part) {
    const StoredTensor* stored = store.find(part.weight);
    const bool torch = part.layout == WeightLayout::oihw,
               axes = stored != nullptr && stored->shape.size() == 4;
    const int out = all_of(part);
    if (torch) return axes ? std::vector<int64_t>{out, part.in, 1, 1} : std::vector<int64_t>{out, part.in};
    return axes ? std::vector<int64_t>{1, 1, part.in, out} : std::vector<int64_t>{part.in, out};
  }

  Result<std::unique_ptr<PreparedOp>> prepare_reduced(const ReducedVariant& variant,
                                                      const WeightStore& store) const {
    const int in = parts_[0].in;
    ReducedPanels panels(variant, in, out_);
    int first = 0;
    for (const LinearAttributes& part : parts_) {
      const int all = all_of(part);
      INK_TRY(const TensorFloats weights, store.borrow_floats(part.weight, stored_shape(store, part)));
      AlignedBuffer<float> bias, scale;
      if (!part.bias.empty()) {
        INK_TRY(bias, channel_values(store, part.bias, all));
      }
      if (!part.scale.empty()) {
        INK_TRY(scale, channel_values(store, part.scale, part.out));
      }
      const bool torch = part.layout == WeightLayout::oihw;
      const int64_t step = torch ? in : 1;
      panels.pack(first, part.out, [&](int column, int size, float* rows) {
        gemm_pack_floats(
            {weights.data() + (part.first + column) * step, torch ? 1 : all, step, size, in, rows, in});
        if (scale.size() == 0) return;
        for (int j = 0; j < size; ++j) {
          for (int kk = 0; kk < in; ++kk)
            rows[int64_t{j} * in + kk] *= scale[static_cast<size_t>(column + j)];
        }
      });
      for (int j = 0; j < part.out && bias.size() > 0; ++j) {
        const auto channel = static_cast<size_t>(j);
        panels.bias()[first + j] =
            bias[static_cast<size_t>(part.first) + channel] * (scale.size() == 0 ? 1.0f : scale[channel]);
      }
      first += part.out;
    }
    const ConvParams params{.ic = in, .oc = out_};
    return prepared_reduced(ReducedConv(params, std::move(panels)), params, epilogue_);
  }

  // The weights of one part into the columns from `first` on.
  static Status pack(const WeightStore& store, const LinearAttributes& part, const StoredTensor& tensor,
                     int first, GemmPanels& panels) {
    AlignedBuffer<float> widened;
    const std::byte* weights = tensor.bytes.data();
    if (tensor.dtype != panels.dtype()) {
      INK_TRY(widened, store.floats(part.weight, tensor.shape));
      weights = reinterpret_cast<const std::byte*>(widened.data());
    } else {
      INK_TRY_STATUS(check_finite(tensor, store.origin()));
    }
    const bool torch = part.layout == WeightLayout::oihw;
    const int all = all_of(part);
    weights += static_cast<size_t>(part.first) * static_cast<size_t>(torch ? part.in : 1) *
               dtype_size(panels.dtype());
    panels.pack(first, part.out, weights, torch ? 1 : all, torch ? part.in : 1);
    forget_pages(tensor.bytes);
    return {};
  }

  static Status add_bias(const WeightStore& store, const LinearAttributes& part, int first,
                         GemmPanels& panels) {
    if (part.bias.empty()) return {};
    INK_TRY(const AlignedBuffer<float> bias, channel_values(store, part.bias, all_of(part)));
    std::copy_n(bias.begin() + part.first, part.out, panels.mutable_bias() + first);
    return {};
  }

  static Status scale(const WeightStore& store, const LinearAttributes& part, int first, GemmPanels& panels) {
    INK_TRY(const AlignedBuffer<float> scale, channel_values(store, part.scale, part.out));
    panels.scale(first, {scale.data(), scale.size()});
    return {};
  }

  std::vector<LinearAttributes> parts_;
  int out_ = 0;
};

}  // namespace

std::unique_ptr<Op> dense(DenseAttributes a) {
  return conv2d(
      {std::move(a.weight), std::move(a.bias), {.ic = a.c, .oc = a.out, .kh = a.h, .kw = a.w}, a.layout});
}

std::unique_ptr<Op> linear(LinearAttributes attributes) {
  return linear_joined(std::vector<LinearAttributes>{std::move(attributes)});
}

std::unique_ptr<Op> linear_joined(std::vector<LinearAttributes> parts) {
  return std::make_unique<Linear>(std::move(parts));
}

}  // namespace ink
