#include "kernels/conv/tap_conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/tap_maps.h"

namespace ink {

size_t TapConv::packed_bytes() const {
  size_t bytes = 0;
  for (const GemmPanels& group : groups_) bytes += group.bytes();
  return bytes;
}

void TapConv::run_together(std::span<const TapConv> convs, View<const float> src, View<float> dst,
                           View<const float> residual, const Epilogue& epilogue, Rect region, int threads,
                           float* scratch) {
  Maps maps{src, residual, dst, epilogue};
  const TapConv& first = convs.front();
  // The outputs of each convolution, and a grid over those of all of them: they differ by one at most.
  const auto outputs = [&](const TapConv& conv) { return conv.rows_.outputs(conv.columns_, region); };
  Rect grid = outputs(first);
  for (const TapConv& conv : convs.subspan(1)) {
    const Rect q = outputs(conv);
    grid = {std::min(grid.y0, q.y0), std::min(grid.x0, q.x0), std::max(grid.y1, q.y1),
            std::max(grid.x1, q.x1)};
  }
  if (grid.h() <= 0 || grid.w() <= 0) return;

  // A block's inputs should stay in the second-level cache beside a panel of weights while every panel passes
  // over them; blocks should also be many enough to share out evenly.
  constexpr int64_t kBlockBytes = 192 * 1024;
  constexpr int kBlocksPerThread = 6, kMaxBlockRows = 8, kMaxBlockTiles = 16;
  const int tile = first.variant_->mr;
  const int block_columns = std::min(divide_up(grid.w(), tile), kMaxBlockTiles) * tile;
  const int64_t row_bytes = static_cast<int64_t>(block_columns) * first.columns_.src_step * src.c * 4;
  int block_rows = static_cast<int>(std::clamp<int64_t>(kBlockBytes / row_bytes, 1, kMaxBlockRows));
  const int chunks = divide_up(grid.w(), block_columns);
  const int64_t wanted = static_cast<int64_t>(kBlocksPerThread) * threads;
  while (block_rows > 1 && static_cast<int64_t>(dst.n) * chunks * divide_up(grid.h(), block_rows) < wanted)
    block_rows /= 2;
  const int bands = divide_up(grid.h(), block_rows);

  size_t per_worker = 0;
  for (const TapConv& conv : convs) per_worker = std::max(per_worker, conv.together_scratch_floats(1));
  parallel_for(static_cast<int64_t>(dst.n) * bands * chunks, threads, [&](int64_t task, int worker) {
    const int x0 = grid.x0 + static_cast<int>(task % chunks) * block_columns;
    const int64_t band = task / chunks;
    const int y0 = grid.y0 + static_cast<int>(band % bands) * block_rows;
    for (const TapConv& conv : convs) {
      const Rect q = outputs(conv);
      const Rect block{std::max(y0, q.y0), std::max(x0, q.x0), std::min(y0 + block_rows, q.y1),
                       std::min(x0 + block_columns, q.x1)};
      conv.run_block(maps, static_cast<int>(band / bands), block,
                     scratch + static_cast<size_t>(worker) * per_worker);
    }
  });
}

void TapConv::run_block(const Maps& maps, int image, Rect block, float* scratch) const {
  // Where the inputs of one kernel row are contiguous they are one tap: longer inner loops, the same order.
  const bool merged =
      maps.src.gapless() && groups_.size() == 1 && columns_.dilation == 1 && columns_.taps > 0;
  const int column_taps = merged ? 1 : columns_.taps;
  int64_t taps[kMaxTaps];
  for (int r = 0; r < rows_.taps; ++r) {
    for (int s = 0; s < column_taps; ++s) {
      taps[r * column_taps + s] =
          r * rows_.dilation * maps.src.row_stride + s * columns_.dilation * maps.src.pixel_stride;
    }
  }
  constexpr int64_t kNoOffset[] = {0};
  const int ocg = groups_.front().n();
  for (int group = 0; group < static_cast<int>(groups_.size()); ++group) {
    const GemmPanels& panels = groups_[static_cast<size_t>(group)];
    for (int panel = 0; panel < panels.count(); ++panel) {
      const int channel = group * ocg + panels.first_column(panel);
      for (int qy = block.y0; qy < block.y1; ++qy) {
        const int y = qy * rows_.dst_step + rows_.dst_start;
        const bool row_inside = rows_.inside(qy, 1, maps.src.h);
        for (int qx = block.x0; qx < block.x1; qx += variant_->mr) {
          const int m = std::min(variant_->mr, block.x1 - qx);
          const int x = qx * columns_.dst_step + columns_.dst_start;
          GemmTileArgs args{nullptr,
                            0,
                            kNoOffset,
                            1,
                            panels.k(),
                            panels.weights(panel),
                            panels.width(panel),
                            panels.bias(panel),
                            maps.dst.at(image, y, x) + channel,
                            columns_.dst_step * maps.dst.pixel_stride,
                            nullptr,
                            columns_.dst_step * maps.residual.pixel_stride,
                            m,
                            panels.columns(panel),
                            maps.epilogue};
          if (maps.residual.data != nullptr) args.residual = maps.residual.at(image, y, x) + channel;
          if (row_inside && columns_.inside(qx, m, maps.src.w)) {
            args.src = maps.src.at(image, qy * rows_.src_step + rows_.src_start,
                                   qx * columns_.src_step + columns_.src_start) +
                       group * icg_;
            args.src_step = columns_.src_step * maps.src.pixel_stride;
            args.taps = taps;
            args.tap_count = rows_.taps * column_taps;
            args.run = merged ? columns_.taps * icg_ : icg_;
          } else {
            gather(maps, image, group, qy, qx, m, scratch);
            args.src = scratch;
            args.src_step = panels.k();
          }
          variant_->tile(args);
        }
      }
    }
  }
}

// Copies the inputs of `pixels` outputs to consecutive rows of k floats, zeros where they lie outside the
// map.
void TapConv::gather(const Maps& maps, int image, int group, int qy, int qx, int pixels, float* rows) const {
  const size_t run_bytes = static_cast<size_t>(icg_) * sizeof(float);
  for (int i = 0; i < pixels; ++i) {
    for (int r = 0; r < rows_.taps; ++r) {
      const int iy = qy * rows_.src_step + rows_.src_start + r * rows_.dilation;
      for (int s = 0; s < columns_.taps; ++s, rows += icg_) {
        const int ix = (qx + i) * columns_.src_step + columns_.src_start + s * columns_.dilation;
        if (iy < 0 || iy >= maps.src.h || ix < 0 || ix >= maps.src.w) {
          std::memset(rows, 0, run_bytes);
        } else {
          std::memcpy(rows, maps.src.at(image, iy, ix) + group * icg_, run_bytes);
        }
      }
    }
  }
}

}  // namespace ink
