#pragma once

#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/narrow_tile.h"
#include "kernels/deconv/deconv.h"

namespace ink {

// Convolutions with few output channels, such as a network's last layer to RGB. A tile whose columns are
// output channels would leave most lanes empty; here lanes are input channels, see NarrowTileArgs. A
// transposed convolution is one such convolution for each of its phases.
class NarrowConv {
 public:
  static constexpr int kMaxChannels = kNarrowColumns;

  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);
  static const char* declines(const DeconvParams& params);

  // Weights, bias and factors as make_conv() and Deconv have them.
  NarrowConv(const NarrowVariant& variant, const ConvParams& params, const ConvWeights& weights,
             const float* bias);
  NarrowConv(const NarrowVariant& variant, const DeconvParams& params, const float* weights,
             const float* bias, const double* factors = nullptr);

  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const { return (packed_.size() + bias_.size()) * sizeof(float); }
  // As TapConv::run().
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

 private:
  struct Maps;
  struct Row;
  struct Phase {
    TapAxis rows, columns;
    int64_t packed;  // where its weights begin
    int taps() const { return rows.taps * columns.taps; }
  };

  int mr() const { return variant_->rows[oc_ - 1]; }
  int64_t tap_floats() const {
    return static_cast<int64_t>(align_up(static_cast<size_t>(ic_), static_cast<size_t>(variant_->lanes))) *
           oc_;
  }
  // weight(phase, tap, i, j)
  template <class Weight>
  void pack(Weight weight, const float* bias);
  // Columns of src that `count` outputs of a row read.
  static int columns_read(const Phase& phase, int count) {
    return (count - 1) * phase.columns.src_step + (phase.columns.taps - 1) * phase.columns.dilation + 1;
  }
  void run_row(const Maps& maps, const Phase& phase, int image, int qy, int qx0, int qx1, int share,
               float* patch) const;
  void copy_patch(const Maps& maps, const Phase& phase, int image, int qy, int qx, int m, float* patch) const;
  void run_tile(const Maps& maps, NarrowTileArgs args) const;

  const NarrowVariant* variant_;
  int ic_, oc_;
  std::vector<Phase> phases_;
  AlignedBuffer<float> packed_, bias_;
};

}  // namespace ink
