#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/tensor.h"
#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink {

struct BatchNormAttributes;
struct ActivationAttributes;

// What a kernel call gets. Inputs and output are whole maps or the parts of them that `region` needs; only
// the part of the output inside `region` is written.
struct RunContext {
  std::span<const TensorView> inputs;
  TensorView output;
  Rect region;
  float* scratch;  // scratch_bytes() of it, 64-byte aligned
  int threads;
};

// A node made ready for one instruction set: weights folded and packed. Immutable; run() may be called from
// many threads at once, allocates nothing and gives the same bits for any thread count and region.
class PreparedOp {
 public:
  virtual ~PreparedOp() = default;

  virtual const char* kernel() const = 0;          // the variant's name, as the tables of kernels/ have it
  virtual std::string note() const { return {}; }  // why a faster kernel was not chosen, for people
  virtual size_t scratch_bytes(std::span<const Shape> inputs, const Shape& output, int threads) const;
  virtual size_t packed_bytes() const { return 0; }
  // Whether the output may be written over input i, element by element.
  virtual bool may_overwrite(size_t input) const;
  // Multiplications and additions of the plain algorithm.
  virtual double flops(std::span<const Shape> inputs, const Shape& output) const;
  virtual void run(const RunContext& context) const = 0;
};

struct PrepareContext {
  const WeightStore& weights;
  Isa isa;
  std::span<const Shape> inputs;  // heights and widths may be unknown
};

// What a node of the graph computes: attributes, shape rule, and the way to a kernel. One output.
class Op {
 public:
  virtual ~Op() = default;

  virtual const char* kind() const = 0;
  // The output's shape; sizes may be unknown. Error: what does not fit, in words, without the node's name.
  virtual Result<Shape> infer(std::span<const Shape> inputs) const = 0;
  virtual Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const = 0;

  // A view reads its input's memory through other strides and is never run.
  virtual bool is_view() const { return false; }
  virtual TensorView view(const TensorView& input, const Shape& output) const;

  // What passes look for.
  virtual const ActivationAttributes* as_activation() const { return nullptr; }
  virtual const BatchNormAttributes* as_batch_norm() const { return nullptr; }
  virtual bool is_addition() const { return false; }  // and nothing else: no activation behind it

  // Passes offer what follows this node; true means that the node now does it, too.
  virtual bool absorb_activation(const ActivationAttributes& activation);
  virtual bool absorb_residual();  // adds one input, which is added to the result
  virtual bool absorb_batch_norm(const BatchNormAttributes& batch_norm);
};

}  // namespace ink
