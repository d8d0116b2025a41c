#include "engine/ops/ops.h"

namespace ink {
namespace {

class Crop : public Op {
 public:
  explicit Crop(Margins margins) : margins_(margins) {}

  const char* kind() const override { return "crop"; }
  bool is_view() const override { return true; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    Shape shape = inputs[0];
    if (shape.h != Shape::kUnknown) shape.h -= margins_.top + margins_.bottom;
    if (shape.w != Shape::kUnknown) shape.w -= margins_.left + margins_.right;
    if ((shape.h <= 0 && shape.h != Shape::kUnknown) || (shape.w <= 0 && shape.w != Shape::kUnknown)) {
      return Error{ErrorKind::limit, "nothing is left of " + inputs[0].text() + " after the crop"};
    }
    return shape;
  }

  TensorView view(const TensorView& input, const Shape& output) const override {
    return input.crop(margins_.top, margins_.left, output);
  }

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
