#pragma once

#include <functional>
#include <utility>

#include "engine/ops/epilogue_op.h"

namespace ink {

// Most node kinds without weights differ in their shape rule and one kernel call. Kernel is a callable
// `void(const RunContext&)` that holds all it needs, chosen for one instruction set.
struct SimpleTraits {
  const char* kernel = "";
  double flops_per_output = 1;
  // Elementwise, and the output may be written over input 0.
  bool elementwise = false;
};

// The part of input 0 that `region` of the output needs, for these shapes of input 0 and output.
using SourceRegion = std::function<Rect(Rect region, const Shape& input, const Shape& output)>;

template <class Kernel>
class SimplePrepared : public PreparedOp {
 public:
  SimplePrepared(SimpleTraits traits, Kernel kernel, SourceRegion source)
      : traits_(traits), kernel_(std::move(kernel)), source_(std::move(source)) {}

  const char* kernel() const override { return traits_.kernel; }
  bool may_overwrite(size_t input) const override { return input == 0 && traits_.elementwise; }
  bool image_by_image() const override { return traits_.elementwise || source_; }
  double flops(std::span<const Shape>, const Shape& output) const override {
    return traits_.flops_per_output * static_cast<double>(output.elements());
  }
  bool elementwise() const override { return traits_.elementwise; }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                    const Shape& output) const override {
    return source_ ? source_(region, inputs[input], output)
                   : PreparedOp::input_region(input, region, inputs, output);
  }
  void run(const RunContext& context) const override { kernel_(context); }

 private:
  SimpleTraits traits_;
  Kernel kernel_;
  SourceRegion source_;
};

template <class Kernel>
std::unique_ptr<PreparedOp> simple_prepared(SimpleTraits traits, Kernel kernel, SourceRegion source = {}) {
  return std::unique_ptr<PreparedOp>(
      new SimplePrepared<Kernel>(traits, std::move(kernel), std::move(source)));
}

// A size that grows by `extra`, or stays unknown.
inline int grown(int size, int extra) {
  return size == Shape::kUnknown ? size : checked_size(static_cast<int64_t>(size) + extra);
}
inline int multiplied(int size, int factor) {
  return size == Shape::kUnknown ? size : checked_size(static_cast<int64_t>(size) * factor);
}

}  // namespace ink
