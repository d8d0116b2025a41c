#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/aligned_buffer.h"
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
  // Whether every input of outputs q .. q + count - 1 lies inside [0, size).
  bool inside(int q, int count, int size) const {
    const int first = q * src_step + src_start;
    const int last = (q + count - 1) * src_step + src_start + (taps - 1) * dilation;
    return first >= 0 && last < size;
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
  static constexpr int kMaxTaps = 1024;  // patches of 32 x 32

  TapConv(const GemmVariant& variant, TapAxis rows, TapAxis columns, int icg, std::vector<GemmPanels> groups)
      : variant_(&variant), rows_(rows), columns_(columns), icg_(icg), groups_(std::move(groups)) {
    INK_CHECK(rows.taps * columns.taps <= kMaxTaps);
  }

  // Floats of scratch that run() needs on `threads` threads.
  size_t scratch_floats(int threads) const;
  size_t packed_bytes() const;

  // Computes the outputs that lie in `region` of dst. residual has dst's shape, or data == nullptr.
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const;

  // The same for several convolutions that fill one map between them (the phases of a transposed
  // convolution): block by block, so that what they read and write stays in the cache from one to the next.
  // Scratch: the largest together_scratch_floats() of them.
  static void run_together(std::span<const TapConv> convs, View<const float> src, View<float> dst,
                           View<const float> residual, const Epilogue& epilogue, Rect region, int threads,
                           float* scratch);
  size_t together_scratch_floats(int threads) const { return tile_floats() * static_cast<size_t>(threads); }

 private:
  struct Maps;
  struct Lines;
  struct Tile;

  int64_t k() const { return static_cast<int64_t>(rows_.taps) * columns_.taps * icg_; }
  // Gathered inputs of one tile.
  size_t tile_floats() const {
    return align_up(static_cast<size_t>(variant_->mr * k()), kAlignment / sizeof(float));
  }
  // As many tiles as are gathered before the panels pass over them.
  int gathered_tiles() const;
  // Whether a panel of weights is too large for the second-level cache to hold it beside much else.
  bool deep() const;
  bool pointwise() const;

  // See tap_rows.cpp.
  bool makes_rows(const Maps& maps, Rect region) const;
  void run_rows(const Maps& maps, Rect region, int threads, float* scratch) const;
  void run_row(const Maps& maps, int image, int qy, Rect grid, float* patch) const;
  void copy_patch(const View<const float>& src, int image, int iy, int ix, int m, float* patch) const;

  void run_block(const Maps& maps, int image, Rect block, float* scratch) const;
  void gather(const Maps& maps, int image, int group, int qy, int qx, int pixels, float* rows) const;

  Lines make_lines(const Maps& maps, Rect region) const;
  Tile place(const Lines& lines, int64_t index, int group) const;
  void gather(const Lines& lines, const Tile& tile, int group, float* rows) const;
  void run_panel(const Lines& lines, std::span<const Tile> tiles, int group, int own, bool more,
                 bool asks) const;
  // Outputs of the tiles [first, behind) in the columns of the panels [first_panel, behind_panel), which
  // count through all groups.
  void run_tiles(const Lines& lines, int64_t first, int64_t behind, int first_panel, int behind_panel,
                 float* scratch) const;

  const GemmVariant* variant_;
  TapAxis rows_, columns_;
  int icg_;
  std::vector<GemmPanels> groups_;
};

}  // namespace ink
