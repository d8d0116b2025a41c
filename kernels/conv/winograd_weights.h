#pragma once

#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/divide.h"
#include "kernels/conv/conv_weights.h"
#include "kernels/conv/winograd_tile.h"
#include "kernels/gemm/gemm.h"

namespace ink {

// G g G^T of every kernel, computed in double: a matrix (ic, oc) for each of the points, in panels for GEMM
// tiles. Output channels are multiplied group by group, so that the sums of a group stay in the cache beside
// the inputs; the panels of a group lie one behind the other, point by point, in the order in which they are
// read: (group, point, panel of the group, ic, width of the panel). Immutable.
class WinogradWeights {
 public:
  // kernels: of that tile.
  WinogradWeights(const GemmVariant& variant, int tile, WinogradKernelsKernel& kernels,
                  const ConvWeights& weights, int ic, int oc);

  int panels() const { return divide_up(oc_, nr_); }
  int group_panels() const { return group_panels_; }
  int group_channels() const { return group_panels_ * nr_; }
  int columns(int panel) const { return panel + 1 < panels() ? nr_ : oc_ - panel * nr_; }
  int width(int panel) const { return panel + 1 < panels() ? nr_ : width_ - panel * nr_; }
  const float* panel(int point, int panel) const { return data() + offset(point, panel); }
  // Whether all of a panel is zero, as kernels with fewer than 3 rows or columns make it.
  bool zero(int point, int panel) const { return zero_[static_cast<size_t>(point * panels() + panel)]; }
  const float* zeros() const { return zeros_.data(); }  // as many as a panel is wide
  size_t bytes() const { return data_.size() + zeros_.size() * sizeof(float); }

 private:
  void transform(WinogradKernelsKernel& kernels, const ConvWeights& weights);
  const float* data() const { return reinterpret_cast<const float*>(data_.data()); }
  int64_t offset(int point, int panel) const;

  int points_, ic_, oc_, nr_;
  int width_;  // of all panels
  int group_panels_;
  PackedMemory data_;  // floats
  AlignedBuffer<float> zeros_;
  std::vector<bool> zero_;  // by (point, panel)
};

}  // namespace ink
