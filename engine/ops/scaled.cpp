#include "engine/ops/scaled.h"

#include <algorithm>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/caches.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/binary/binary.h"

namespace ink {
namespace {

// Of a piece, scaled: beside what it makes and the weights it stays in the second-level cache.
int64_t piece_floats() { return second_level_cache_bytes() / 4 / static_cast<int64_t>(sizeof(float)); }

TensorView image_of(TensorView view, int image) {
  view.data = static_cast<float*>(view.data) + (view.shape.n == 1 ? 0 : image) * view.image_stride;
  view.shape.n = 1;
  return view;
}

class PreparedScaled : public PreparedOp {
 public:
  PreparedScaled(std::unique_ptr<PreparedOp> inner, const BinaryVariant& binary, ScaledInputs scaled,
                 bool has_residual, Cells cells)
      : inner_(std::move(inner)),
        binary_(binary),
        scaled_(scaled),
        plain_inputs_(has_residual ? 2 : 1),
        cells_(cells) {}

  const char* kernel() const override { return inner_->kernel(); }
  std::string note() const override { return "scales what it reads by the channel"; }
  size_t packed_bytes() const override { return inner_->packed_bytes(); }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape& output, int threads) const override {
    return worker_bytes(inputs.first(plain_inputs_), output) * static_cast<size_t>(threads);
  }
  double flops(std::span<const Shape> inputs, const Shape& output) const override {
    return inner_->flops(inputs.first(plain_inputs_), output);
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                    const Shape& output) const override {
    if (input >= plain_inputs_) return {0, 0, 1, 1};
    return inner_->input_region(input, region, inputs.first(plain_inputs_), output);
  }
  Cells cells(size_t input) const override {
    if (input == 0) return cells_;
    return input < plain_inputs_ ? Cells{1, 1} : Cells{};
  }

  void run(const RunContext& context) const override {
    const Shape& shape = context.inputs[0].shape;
    const Rect region = context.region;
    const Rect all{region.y0 / cells_.out, region.x0 / cells_.out, divide_up(region.y1, cells_.out),
                   divide_up(region.x1, cells_.out)};
    if (region.empty()) return;
    const int64_t most = most_cells(shape, context.output.shape);
    const int columns = static_cast<int>(std::min<int64_t>(all.w(), most));
    const int rows = static_cast<int>(std::max<int64_t>(1, most / columns));
    const int64_t across = divide_up(all.w(), columns), down = divide_up(all.h(), rows);
    const size_t per_worker =
        worker_bytes(shapes_of(context).first(plain_inputs_), context.output.shape) / sizeof(float);
    parallel_for(across * down * shape.n, context.threads, [&](int64_t task, int worker) {
      const int64_t x = task % across, y = task / across % down;
      const Rect cells{all.y0 + static_cast<int>(all.h() * y / down),
                       all.x0 + static_cast<int>(all.w() * x / across),
                       all.y0 + static_cast<int>(all.h() * (y + 1) / down),
                       all.x0 + static_cast<int>(all.w() * (x + 1) / across)};
      run_piece(context, static_cast<int>(task / across / down), cells,
                context.scratch + static_cast<size_t>(worker) * per_worker);
    });
  }

 private:
  struct Shapes {
    Shape of[2];
    std::span<const Shape> first(size_t count) const { return std::span(of).first(count); }
  };
  Shapes shapes_of(const RunContext& context) const {
    return {{context.inputs[0].shape, context.output.shape}};
  }

  // Floats that are scaled for a cell, of the map and of the residual.
  int64_t source_floats(const Shape& map) const {
    return scaled_.source ? int64_t{cells_.in} * cells_.in * map.c : 0;
  }
  int64_t residual_floats(const Shape& output) const {
    return scaled_.residual ? int64_t{cells_.out} * cells_.out * output.c : 0;
  }
  int64_t most_cells(const Shape& map, const Shape& output) const {
    return std::max<int64_t>(1, piece_floats() / (source_floats(map) + residual_floats(output)));
  }
  size_t scaled_bytes(int64_t cell_floats, int64_t cells) const {
    return align_up(static_cast<size_t>(cell_floats * cells) * sizeof(float));
  }
  size_t worker_bytes(std::span<const Shape> inputs, const Shape& output) const {
    const int64_t most = most_cells(inputs[0], output);
    return scaled_bytes(source_floats(inputs[0]), most) + scaled_bytes(residual_floats(output), most) +
           align_up(inner_->scratch_bytes(inputs, output, 1));
  }

  void run_piece(const RunContext& context, int image, const Rect& cells, float* scratch) const {
    const int out = cells_.out;
    const Rect region =
        intersection({cells.y0 * out, cells.x0 * out, cells.y1 * out, cells.x1 * out}, context.region);
    TensorView inputs[2], output = image_of(context.output, image);
    for (size_t i = 0; i < plain_inputs_; ++i) inputs[i] = image_of(context.inputs[i], image);
    const Shape shapes[] = {inputs[0].shape, output.shape};
    const int64_t most = most_cells(shapes[0], output.shape);
    const TensorView* factors = context.inputs.data() + plain_inputs_;
    const auto scale = [&](TensorView& map, const Rect& read, int64_t cell_floats) {
      const int64_t row = int64_t{read.w()} * map.shape.c;
      const TensorView copy{scratch, DType::f32,  map.shape, row * read.h(),
                            row,     map.shape.c, read.y0,   read.x0};
      multiply(map, image_of(*factors++, image), copy, read);
      map = copy;
      scratch += scaled_bytes(cell_floats, most) / sizeof(float);
    };
    if (scaled_.source) {
      scale(inputs[0], inner_->input_region(0, region, std::span(shapes).first(plain_inputs_), output.shape),
            source_floats(shapes[0]));
    }
    if (scaled_.residual) scale(inputs[1], region, residual_floats(output.shape));
    inner_->run({{inputs, plain_inputs_}, output, region, scratch, 1});
  }

  void multiply(const TensorView& map, const TensorView& factors, const TensorView& product,
                const Rect& region) const {
    const View<const float> src = map.floats();
    const View<float> dst = product.floats();
    for (int y = region.y0; y < region.y1; ++y) {
      binary_.row({src.at(0, y, region.x0), factors.floats().data, dst.at(0, y, region.x0), region.w(), src.c,
                   src.pixel_stride, 0, dst.pixel_stride, false, BinaryOp::mul, Activation::none, 0});
    }
  }

  std::unique_ptr<PreparedOp> inner_;
  const BinaryVariant& binary_;
  ScaledInputs scaled_;
  size_t plain_inputs_;
  Cells cells_;
};

}  // namespace

std::unique_ptr<PreparedOp> prepared_scaled(std::unique_ptr<PreparedOp> inner, Isa isa, ScaledInputs scaled,
                                            bool has_residual, Cells cells) {
  return std::make_unique<PreparedScaled>(std::move(inner), choose_binary(isa), scaled, has_residual, cells);
}

}  // namespace ink
