#pragma once

#include <algorithm>
#include <limits>

#include "engine/ops/ops.h"
#include "engine/ops/scaled.h"
#include "kernels/base/aligned_buffer.h"

namespace ink {

// What nodes share whose kernel ends with an epilogue: taking over an activation and an addition that follow.
class EpilogueOp : public Op {
 public:
  bool absorb_activation(const ActivationAttributes& activation) override {
    if (epilogue_.activation != Activation::none) return false;
    epilogue_.activation = activation.activation;
    epilogue_.slope = activation.slope;
    // An addition taken over before now comes before this activation.
    epilogue_.residual_first = has_residual_;
    return true;
  }

  bool absorb_residual() override {
    if (has_residual_ || scaled_.count() > 0) return false;
    has_residual_ = true;
    return true;
  }

  bool takes_scale(size_t input) const override {
    const bool again = input == 0 ? scaled_.source : scaled_.residual;
    return cells().in > 0 && input < plain_inputs() && !again;
  }
  size_t absorb_scale(size_t input) override {
    INK_CHECK(takes_scale(input));
    (input == 0 ? scaled_.source : scaled_.residual) = true;
    return plain_inputs() + (input == 0 ? 0 : scaled_.count() - 1);
  }

 protected:
  // Of the first input, where it is to be scaled.
  virtual Cells cells() const { return {}; }
  size_t plain_inputs() const { return has_residual_ ? 2 : 1; }

  // Checks the number of inputs and, where there is one, that the residual has the output's shape.
  Status check_inputs(std::span<const Shape> inputs, const Shape& output) const {
    if (inputs.size() != plain_inputs() + scaled_.count()) {
      return Error{ErrorKind::model,
                   std::string(kind()) + " takes one input, found " + std::to_string(inputs.size())};
    }
    for (size_t i = plain_inputs(); i < inputs.size(); ++i) {
      const Shape& map = inputs[i == plain_inputs() && scaled_.source ? 0 : 1];
      if (!fits_scale(inputs[i], map))
        return Error{ErrorKind::model, "cannot mul " + inputs[i].text() + " to " + map.text()};
    }
    if (has_residual_ && !(inputs[1] == output)) {
      return Error{ErrorKind::model, "cannot add " + inputs[1].text() + " to " + output.text()};
    }
    return {};
  }

  static bool fits_scale(const Shape& scale, const Shape& map) {
    return (scale.n == map.n || scale.n == 1) && scale.h == 1 && scale.w == 1 && scale.c == map.c;
  }

  // The node of an op that knows nothing of factors, with those that it has.
  Result<std::unique_ptr<PreparedOp>> with_scales(Result<std::unique_ptr<PreparedOp>> inner, Isa isa) const {
    if (!inner.ok() || scaled_.count() == 0) return inner;
    return prepared_scaled(std::move(*inner), isa, scaled_, has_residual_, cells());
  }

  Epilogue epilogue_;
  bool has_residual_ = false;
  ScaledInputs scaled_;
};

// The residual of a run, or a view without data.
inline View<const float> residual_of(const RunContext& context) {
  return context.inputs.size() > 1 ? View<const float>(context.inputs[1].floats()) : View<const float>{};
}

// A size computed in 64 bits: what is nothing or less is 0, never Shape::kUnknown, and what is too large for
// a map stays too large. The graph refuses both.
inline int checked_size(int64_t size) {
  return static_cast<int>(std::clamp<int64_t>(size, 0, std::numeric_limits<int>::max()));
}

// The inputs [begin, end) of an axis of `size` that a window of `kernel` positions reads for outputs [y0,
// y1).
struct AxisSpan {
  int begin = 0, end = 0;
};
inline AxisSpan conv_source(int y0, int y1, int stride, int dilation, int pad, int kernel, int size) {
  const int64_t begin = static_cast<int64_t>(y0) * stride - pad;
  const int64_t end = (y1 - int64_t{1}) * stride - pad + static_cast<int64_t>(kernel - 1) * dilation + 1;
  return {static_cast<int>(std::clamp<int64_t>(begin, 0, size)),
          static_cast<int>(std::clamp<int64_t>(end, 0, size))};
}

// An axis's output size, or Shape::kUnknown for an unknown input.
inline int conv_output_size(int size, int pads, int kernel, int stride, int dilation) {
  if (size == Shape::kUnknown) return size;
  const int64_t span = static_cast<int64_t>(size) + pads - static_cast<int64_t>(kernel - 1) * dilation - 1;
  return span < 0 ? 0 : checked_size(span / stride + 1);
}

// What a region of a convolution's output reads of its input, where outputs come in tiles of `grid` a side.
inline Rect conv_source_region(const ConvParams& p, Rect region, const Shape& input, int grid = 1) {
  // A tile that the end of the map cuts reads its inputs all the same.
  const auto on_grid = [&](int end) {
    return static_cast<int>(align_up(static_cast<size_t>(end), static_cast<size_t>(grid)));
  };
  const AxisSpan rows = conv_source(region.y0, on_grid(region.y1), p.sh, p.dh, p.pad_top, p.kh, input.h);
  const AxisSpan columns = conv_source(region.x0, on_grid(region.x1), p.sw, p.dw, p.pad_left, p.kw, input.w);
  return {rows.begin, columns.begin, rows.end, columns.end};
}

}  // namespace ink
