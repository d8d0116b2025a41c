#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/view.h"
#include "kernels/gemm/gemm.h"

namespace ink {

// One axis of a convolution whose outputs lie on a grid of a map:
//   output q stands at position q * dst_step + dst_start and reads the inputs q * src_step + src_start + t *
//   dilation, t < taps; inputs outside the map count as zero.
// A convolution has dst_step 1; each phase of a transposed convolution has src_step 1 and dst_step = stride.
struct TapAxis {
  int taps = 1;
  int src_step = 1, src_start = 0, dilation = 1;
  int dst_step = 1, dst_start = 0;

  // How many outputs lie before `position`.
  int outputs_before(int position) const {
    return position <= dst_start ? 0 : (position - dst_start + dst_step - 1) / dst_step;
  }
  // The outputs, of this axis for rows and another for columns, that lie in `region`.
  Rect outputs(const TapAxis& columns, Rect region) const {
    return {outputs_before(region.y0), columns.outputs_before(region.x0), outputs_before(region.y1),
            columns.outputs_before(region.x1)};
  }
};

// A grouped convolution over two such axes, weights packed for a gemm variant. Immutable.
//   dst[n, y(qy), x(qx), g*ocg + j] = epilogue(bias[.] + sum_{r, s, i} src[n, iy(qy, r), ix(qx, s), g*icg +
//   i] * w[.])
// with r, s, i nested in this order in every tile, so that an output's bits depend on its inputs alone.
class TapConv {
 public:
  static constexpr int kMaxTaps = 512;

  TapConv(const GemmVariant& variant, TapAxis rows, TapAxis columns, int icg, std::vector<GemmPanels> groups)
      : variant_(&variant), rows_(rows), columns_(columns), icg_(icg), groups_(std::move(groups)) {
    INK_CHECK(rows.taps * columns.taps <= kMaxTaps);
  }

  // Floats of scratch that run() needs on `threads` threads.
  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const;

  // Computes the outputs that lie in `region` of dst. residual has dst's shape, or data == nullptr.
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const {
    run_together({this, 1}, src, dst, residual, epilogue, region, threads, scratch);
  }

  // The same for several convolutions that fill one map between them (the phases of a transposed
  // convolution): block by block, so that what they read and write stays in the cache from one to the next.
  static void run_together(std::span<const TapConv> convs, View<const float> src, View<float> dst,
                           View<const float> residual, const Epilogue& epilogue, Rect region, int threads,
                           float* scratch);

 private:
  struct Maps;
  void run_block(const Maps& maps, int image, Rect block, float* scratch) const;
  void gather(const Maps& maps, int image, int group, int qy, int qx, int pixels, float* rows) const;
  bool pointwise() const;

  const GemmVariant* variant_;
  TapAxis rows_, columns_;
  int icg_;
  std::vector<GemmPanels> groups_;
};

}  // namespace ink
