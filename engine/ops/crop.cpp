#include "engine/ops/simple_op.h"

namespace ink {
namespace {

class Crop : public Op {
 public:
  explicit Crop(Margins margins) : margins_(margins) {}

  const char* kind() const override { return "crop"; }
  bool is_view() const override { return true; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    Shape shape = inputs[0];
    shape.h = grown(shape.h, -(margins_.top + margins_.bottom));
    shape.w = grown(shape.w, -(margins_.left + margins_.right));
    if (shape.h == 0 || shape.w == 0) {
      return Error{ErrorKind::limit, "nothing is left of " + inputs[0].text() + " after the crop"};
    }
    return shape;
  }

  TensorView view(const TensorView& input, const Shape& output) const override {
    return input.crop(margins_.top, margins_.left, output);
  }

  Rect view_origin() const override { return {margins_.top, margins_.left, margins_.top, margins_.left}; }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext&) const override {
    INK_CHECK(false);
    return std::unique_ptr<PreparedOp>();
  }

 private:
  Margins margins_;
};

}  // namespace

std::unique_ptr<Op> crop(Margins margins) { return std::make_unique<Crop>(margins); }

}  // namespace ink
