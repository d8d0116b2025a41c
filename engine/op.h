#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor.h"
#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/precision.h"
#include "kernels/base/result.h"
#include "kernels/conv/conv_weights.h"
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
  // Of a node that gives_sums(): where the state of the reduction that reads its output goes, or nullptr; the
  // region is then the whole map. Of that reduction: the state, which it only has to finish, or nullptr.
  void* sums = nullptr;
};

// What a node over a whole map (a global mean) offers so that the map may come in parts: rows from top to
// bottom in any portions, columns in strips that begin at multiples of column_grid(). Same bits for any
// parts.
class Reduction {
 public:
  virtual ~Reduction() = default;
  virtual int column_grid() const = 0;
  // Bytes of the sums so far, which are all zero before the first part.
  virtual size_t state_bytes(const Shape& input) const = 0;
  virtual void add(const TensorView& part, Rect region, void* state, int threads) const = 0;
  virtual void finish(const Shape& input, const void* state, const TensorView& output) const = 0;
};

// How an input lies under an output where no two pixels of the output further apart than a cell read the
// same: cells of `in` x `in` pixels of the input make `out` x `out` of the output, both from the origin on.
// {0, 0}: it does not.
struct Cells {
  int in = 0, out = 0;
};

// A node made ready for one instruction set: weights folded and packed. Immutable; run() may be called from
// many threads at once, allocates nothing (but what is small, where the node is prepared for one run) and
// gives the same bits for any thread count and region.
class PreparedOp {
 public:
  virtual ~PreparedOp() = default;

  virtual const char* kernel() const = 0;          // the variant's name, as the tables of kernels/ have it
  virtual std::string note() const { return {}; }  // why a faster kernel was not chosen, for people
  virtual size_t scratch_bytes(std::span<const Shape> inputs, const Shape& output, int threads) const;
  virtual size_t packed_bytes() const { return 0; }
  // Whether each image of the output needs the same image of every input and no other.
  virtual bool image_by_image() const { return false; }
  // Whether the output may be written over input i, element by element.
  virtual bool may_overwrite(size_t input) const;
  // Multiplications and additions of the plain algorithm.
  virtual double flops(std::span<const Shape> inputs, const Shape& output) const;
  // Bytes of the inputs, the output and the weights as the kernel has them, each counted once.
  virtual double bytes(std::span<const Shape> inputs, const Shape& output) const;
  virtual void run(const RunContext& context) const = 0;
  // Of a model prepared for one run, after it: what is wrong with the weights that were read.
  virtual Status fault() const { return {}; }

  // The part of input i that run() reads for `region` of the output, which lies on the grid. The default is
  // what elementwise nodes need: the same region, and all of an input that is repeated over the map.
  virtual Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                            const Shape& output) const;
  // What regions begin and end at multiples of, save where the map ends.
  virtual int grid() const { return 1; }
  // Whether a pixel of the output needs no other than the same pixel of each input of its size.
  virtual bool elementwise() const { return false; }
  // Whether that holds for one input at least, such as a residual.
  virtual bool elementwise_in(size_t) const { return elementwise(); }
  // The same for cells.
  virtual Cells cells(size_t input) const { return elementwise_in(input) ? Cells{1, 1} : Cells{}; }
  // Not null for a node that needs its whole input; input_region() and run() do for those too.
  virtual const Reduction* reduction() const { return nullptr; }
  // Whether run() can sum up its output for a reduction (all are global means) while it stores it: the map is
  // then read once less.
  virtual bool gives_sums() const { return false; }
};

struct PrepareContext {
  const WeightStore& weights;
  Isa isa;
  std::span<const Shape> inputs;  // heights and widths may be unknown
  bool compact = false;           // no kernel that packs more than it was given (see Op::swelling())
  bool once = false;              // for one run: weights may stay where they are, and be packed by it
  Precision precision = Precision::f32;
};

// What a node's fastest kernel packs beyond the weights it was given, and the multiplications that it spares.
struct Swelling {
  double bytes = 0, spared = 0;
};

// Weights that a node multiplies by in reduced precision, where that is asked for: a tensor of the store,
// whose output channels are its first axis (oihw) or its last one (hwio).
struct ReducedWeight {
  std::string name;
  WeightLayout layout;
};

// What a node of the graph computes: attributes, shape rule, and the way to a kernel. One output.
class Op {
 public:
  virtual ~Op() = default;

  virtual const char* kind() const = 0;
  // The output's shape; sizes may be unknown. Error: what does not fit, in words, without the node's name.
  virtual Result<Shape> infer(std::span<const Shape> inputs) const = 0;
  virtual Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const = 0;

  // How many weights prepare() reads, about: those with most are prepared first.
  virtual double weight_count() const { return 0; }
  virtual std::vector<ReducedWeight> reduced_weights() const { return {}; }

  // Of a node whose input sizes are known: the model weighs what these bytes are worth.
  virtual Swelling swelling(std::span<const Shape> inputs) const;

  // A view reads its input's memory through other strides and is never run.
  virtual bool is_view() const { return false; }
  virtual TensorView view(const TensorView& input, const Shape& output) const;
  // Which pixel of its input a view shows first: a rectangle without extent.
  virtual Rect view_origin() const { return {}; }

  // What passes look for.
  virtual const ActivationAttributes* as_activation() const { return nullptr; }
  virtual const BatchNormAttributes* as_batch_norm() const { return nullptr; }
  virtual bool is_addition() const { return false; }        // and nothing else: no activation behind it
  virtual bool is_multiplication() const { return false; }  // likewise

  // Passes offer what follows this node; true means that the node now does it, too.
  virtual bool absorb_activation(const ActivationAttributes& activation);
  virtual bool absorb_residual();  // adds one input, which is added to the result
  // Whether it can multiply the channels of an input itself, by one input more: (n, 1, 1, c) or (1, 1, 1, c);
  // and that it does so from now on. The result is where the factors stand among its inputs.
  virtual bool takes_scale(size_t input) const;
  virtual size_t absorb_scale(size_t input);
  virtual bool absorb_batch_norm(const BatchNormAttributes& batch_norm);
  // Offers what comes before this node, its only input, which nobody else reads.
  virtual bool absorb_source(const Op& source);
};

}  // namespace ink
