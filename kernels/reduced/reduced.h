#pragma once

#include <span>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/divide.h"
#include "kernels/base/function_ref.h"
#include "kernels/base/isa.h"
#include "kernels/base/precision.h"
#include "kernels/base/view.h"
#include "kernels/conv/conv.h"
#include "kernels/reduced/reduced_tile.h"

namespace ink {

struct ReducedVariant {
  Isa isa;
  const char* name;
  Precision precision;
  ReducedRow* row;      // of the left matrix
  ReducedRow* weights;  // of the right one, a column at a time
  ReducedTile* tile;
  ReducedFinish* finish;
  int mr, nr;
  int elements;     // a group
  int group_step;   // rows have a multiple of so many groups
  int most_groups;  // a call of `tile`, so that the part of a panel stays in the first-level cache; 0: all
  int offset = 0;   // by which elements of the left matrix are larger than the integers they stand for
};

// Of one precision, best first, reference last.
std::span<const ReducedVariant> bf16_variants();
std::span<const ReducedVariant> int8_variants();
// precision is not f32.
const ReducedVariant& choose_reduced(Precision precision, Isa limit);

// The right-hand matrix (k, n) as elements, in panels of nr columns, each (groups, nr) groups, zero beyond k
// and n. Immutable once packed.
class ReducedPanels {
 public:
  ReducedPanels(const ReducedVariant& variant, int k, int n);

  // Writes columns [first, first + count): fill(j, size, rows) gives the columns j to j + size of them as
  // `size` rows of k floats.
  void pack(int first, int count, FunctionRef<void(int column, int size, float* rows)> fill);
  float* bias() { return bias_.data(); }

  int k() const { return k_; }
  int n() const { return n_; }
  int64_t groups() const { return groups_; }
  int count() const { return divide_up(n_, variant_->nr); }
  int columns(int panel) const { return panel + 1 < count() ? variant_->nr : n_ - panel * variant_->nr; }
  const std::byte* panel(int index) const { return data_.data() + index * panel_bytes(); }
  int64_t panel_bytes() const { return groups_ * variant_->nr * kGroupBytes; }
  const float* scales(int panel) const { return scales_.data() + panel * variant_->nr; }
  const float* bias(int panel) const { return bias_.data() + panel * variant_->nr; }
  // What the sums of a panel begin with, or nullptr for zeros.
  const int32_t* start(int panel) const {
    return start_.size() == 0 ? nullptr : start_.data() + panel * variant_->nr;
  }
  size_t bytes() const {
    return data_.size() + (scales_.size() + bias_.size() + start_.size()) * sizeof(float);
  }
  const ReducedVariant& variant() const { return *variant_; }

  static constexpr int kGroupBytes = 4;

 private:
  const ReducedVariant* variant_;
  int k_, n_;
  int64_t groups_;
  AlignedBuffer<std::byte> data_;
  AlignedBuffer<float> scales_, bias_;
  AlignedBuffer<int32_t> start_;
};

// A convolution as ConvParams describes it, without groups, in reduced precision; a product of matrices is
// one of 1x1. The inputs of an output pixel are a row, converted where they are gathered, so that an output's
// bits depend on its inputs alone.
class ReducedConv {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);

  // panels: k is (kh, kw, ic), n is oc.
  ReducedConv(const ConvParams& params, ReducedPanels panels);
  // The same from weights as convolutions have them; bias: oc values or nullptr.
  ReducedConv(const ReducedVariant& variant, const ConvParams& params, const ConvWeights& weights,
              const float* bias);

  // Floats of scratch that run() needs on `threads` threads.
  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const { return panels_.bytes(); }
  const ReducedVariant& variant() const { return panels_.variant(); }
  // As TapConv::run().
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  struct Maps;
  struct Block;

  void gather(const Maps& maps, Block& block, int64_t first, int64_t behind) const;
  void multiply(const Maps& maps, const Block& block, int panel) const;

  ConvParams params_;
  ReducedPanels panels_;
  int64_t row_bytes_;
  int block_rows_;
};

}  // namespace ink
