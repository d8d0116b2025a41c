#include "engine/op.h"

namespace ink {

size_t PreparedOp::scratch_bytes(std::span<const Shape> /*inputs*/, const Shape& /*output*/,
                                 int /*threads*/) const {
  return 0;
}

bool PreparedOp::may_overwrite(size_t /*input*/) const { return false; }

double PreparedOp::flops(std::span<const Shape> /*inputs*/, const Shape& output) const {
  return static_cast<double>(output.elements());
}

double PreparedOp::bytes(std::span<const Shape> inputs, const Shape& output) const {
  double values = static_cast<double>(output.elements());
  for (const Shape& input : inputs) values += static_cast<double>(input.elements());
  return values * sizeof(float) + static_cast<double>(packed_bytes());
}

Rect PreparedOp::input_region(size_t input, Rect region, std::span<const Shape> inputs,
                              const Shape& output) const {
  const Shape& shape = inputs[input];
  // Repeated over the map, along one axis or both.
  if (shape.h != output.h) region.y0 = 0, region.y1 = shape.h;
  if (shape.w != output.w) region.x0 = 0, region.x1 = shape.w;
  return region;
}

Swelling Op::swelling(std::span<const Shape> /*inputs*/) const { return {}; }

TensorView Op::view(const TensorView& input, const Shape& /*output*/) const { return input; }

bool Op::absorb_activation(const ActivationAttributes& /*activation*/) { return false; }

bool Op::absorb_residual() { return false; }

bool Op::takes_scale(size_t /*input*/) const { return false; }

size_t Op::absorb_scale(size_t /*input*/) {
  INK_CHECK(false);
  return 0;
}

bool Op::absorb_batch_norm(const BatchNormAttributes& /*batch_norm*/) { return false; }

bool Op::absorb_source(const Op& /*source*/) { return false; }

}  // namespace ink
