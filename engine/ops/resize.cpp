#include "kernels/resize/resize.h"

#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class PreparedResize : public PreparedOp {
 public:
  PreparedResize(const ResizeVariant& variant, ResizeMode mode) : variant_(variant), mode_(mode) {}

  const char* kernel() const override { return variant_.name; }
  size_t scratch_bytes(std::span<const Shape>, const Shape& output, int) const override {
    return static_cast<size_t>(output.h + output.w) * sizeof(ResizeTap);
  }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return (mode_ == ResizeMode::nearest ? 0.0 : 6.0) * static_cast<double>(output.elements());
  }
  Rect input_region(size_t, Rect region, std::span<const Shape> inputs, const Shape& output) const override {
    if (region.h() <= 0 || region.w() <= 0) return {};
    // Positions rise with the output's: the first and the last tap of each axis bound the others.
    const auto span = [&](int begin, int end, int in, int out) {
      return AxisSpan{resize_tap(mode_, begin, in, out).lo, resize_tap(mode_, end - 1, in, out).hi + 1};
    };
    const AxisSpan rows = span(region.y0, region.y1, inputs[0].h, output.h);
    const AxisSpan columns = span(region.x0, region.x1, inputs[0].w, output.w);
    return {rows.begin, columns.begin, rows.end, columns.end};
  }
  void run(const RunContext& context) const override {
    const View<const float> src = context.inputs[0].floats();
    const View<float> dst = context.output.floats();
    const std::span<ResizeTap> rows(reinterpret_cast<ResizeTap*>(context.scratch),
                                    static_cast<size_t>(dst.h));
    const std::span<ResizeTap> columns(rows.data() + rows.size(), static_cast<size_t>(dst.w));
    fill_resize_taps(mode_, src.h, rows);
    fill_resize_taps(mode_, src.w, columns);
    resize_run(variant_, mode_, rows, columns, src, dst, context.region, context.threads);
  }

 private:
  const ResizeVariant& variant_;
  ResizeMode mode_;
};

class Resize : public Op {
 public:
  Resize(ResizeMode mode, int factor) : mode_(mode), factor_(factor) { INK_CHECK(factor > 0); }

  const char* kind() const override { return "resize"; }
  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const Shape& src = inputs[0];
    return Shape{src.n, multiplied(src.h, factor_), multiplied(src.w, factor_), src.c};
  }
  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    return std::unique_ptr<PreparedOp>(new PreparedResize(choose_resize(context.isa), mode_));
  }

 private:
  ResizeMode mode_;
  int factor_;
};

}  // namespace

std::unique_ptr<Op> resize(ResizeMode mode, int factor) { return std::make_unique<Resize>(mode, factor); }

}  // namespace ink
