#include <algorithm>
#include <cstring>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/tap_maps.h"

// Convolutions of so few input channels that what is done between tiles counts, such as a network's first
// layer: rows of whole tiles in one call, and the inputs of tiles at the sides copied as they lie in the map,
// without what neighbouring outputs have in common.

namespace ink {
namespace {

constexpr int kMostChannels = 4;
constexpr int kMostDepth = 256;  // of weights that stay in the first-level cache

}  // namespace

bool TapConv::makes_rows(const Maps& maps, Rect region) const {
  const auto plain = [](const TapAxis& axis) {
    return axis.dilation == 1 && axis.dst_step == 1 && axis.taps >= axis.src_step;
  };
  return variant_->line != nullptr && groups_.size() == 1 && icg_ <= kMostChannels && k() <= kMostDepth &&
         rows_.taps > 1 && plain(rows_) && plain(columns_) && maps.src.gapless() &&
         region.w() >= 2 * variant_->mr;
}

void TapConv::run_rows(const Maps& maps, Rect region, int threads, float* scratch) const {
  constexpr int kTasksPerThread = 6, kMostRows = 8;
  const Rect grid = rows_.outputs(columns_, region);
  const int64_t rows = int64_t{maps.dst.n} * std::max(0, grid.h());
  const int64_t wanted = int64_t{threads} * kTasksPerThread;
  const int64_t rows_a_task = std::clamp<int64_t>(rows / wanted, 1, kMostRows);
  const size_t per_worker = scratch_floats(1);
  parallel_for(divide_up(rows, rows_a_task), threads, [&](int64_t task, int worker) {
    const int64_t behind = std::min(rows, (task + 1) * rows_a_task);
    for (int64_t row = task * rows_a_task; row < behind; ++row) {
      run_row(maps, static_cast<int>(row / grid.h()), grid.y0 + static_cast<int>(row % grid.h()), grid,
              scratch + static_cast<size_t>(worker) * per_worker);
    }
  });
}

void TapConv::run_row(const Maps& maps, int image, int qy, Rect grid, float* patch) const {
  const View<const float>& src = maps.src;
  const GemmPanels& panels = groups_.front();
  const int mr = variant_->mr, run = columns_.taps * icg_;
  int64_t map_taps[kMostDepth], patch_taps[kMostDepth];
  const int64_t patch_row = int64_t{(mr - 1) * columns_.src_step + columns_.taps} * icg_;
  for (int r = 0; r < rows_.taps; ++r) map_taps[r] = r * src.row_stride, patch_taps[r] = r * patch_row;

  // Whole tiles all of whose inputs are there; the rest to both sides of them.
  const int iy = qy * rows_.src_step + rows_.src_start;
  int first = grid.x0, tiles = 0;
  if (rows_.inside(qy, 1, src.h)) {
    first = std::clamp(divide_up(std::max(0, -columns_.src_start), columns_.src_step), grid.x0, grid.x1);
    const int beyond = src.w - columns_.taps - columns_.src_start;
    const int last = beyond < 0 ? 0 : beyond / columns_.src_step + 1;
    tiles = std::max(0, std::min(last, grid.x1) - first) / mr;
  }
  const int behind = first + tiles * mr;
  const auto args_at = [&](int qx, int panel) {
    const float* residual = maps.residual.data == nullptr
                                ? nullptr
                                : maps.residual.at(image, qy, qx) + panels.first_column(panel);
    return GemmTileArgs{nullptr,
                        columns_.src_step * int64_t{icg_},
                        patch_taps,
                        rows_.taps,
                        run,
                        panels.weights(panel),
                        panels.width(panel),
                        panels.bias(panel),
                        maps.dst.at(image, qy, qx) + panels.first_column(panel),
                        maps.dst.pixel_stride,
                        residual,
                        maps.residual.pixel_stride,
                        mr,
                        panels.columns(panel),
                        maps.epilogue};
  };
  const auto run_patch = [&](int qx, int m) {
    copy_patch(src, image, iy, qx * columns_.src_step + columns_.src_start, m, patch);
    for (int panel = 0; panel < panels.count(); ++panel) {
      GemmTileArgs args = args_at(qx, panel);
      args.src = patch;
      args.m = m;
      variant_->tile(args);
    }
  };
  for (int qx = grid.x0; qx < first; qx += mr) run_patch(qx, std::min(mr, first - qx));
  for (int panel = 0; tiles > 0 && panel < panels.count(); ++panel) {
    GemmLineArgs line{args_at(first, panel), tiles};
    GemmTileArgs& args = line.first;
    args.src = src.at(image, iy, first * columns_.src_step + columns_.src_start);
    args.taps = map_taps;
    if (args.n == variant_->nr && args.residual == nullptr) {
      variant_->line(line);
      continue;
    }
    for (int tile = 0; tile < tiles; ++tile) {
      variant_->tile(args);
      args.src += mr * args.src_step;
      args.dst += mr * args.dst_step;
      if (args.residual != nullptr) args.residual += mr * args.residual_step;
    }
  }
  for (int qx = behind; qx < grid.x1; qx += mr) run_patch(qx, std::min(mr, grid.x1 - qx));
}

// What m outputs of a row read, as it lies in the map from (iy, ix) on; zeros where it lies outside.
void TapConv::copy_patch(const View<const float>& src, int image, int iy, int ix, int m, float* patch) const {
  const int width = (m - 1) * columns_.src_step + columns_.taps;
  const int row = (variant_->mr - 1) * columns_.src_step + columns_.taps;
  const int held0 = std::clamp(-ix, 0, width), held1 = std::clamp(src.w - ix, held0, width);
  const auto bytes = [&](int pixels) { return static_cast<size_t>(pixels * icg_) * sizeof(float); };
  for (int r = 0; r < rows_.taps; ++r, patch += row * icg_) {
    if (iy + r < 0 || iy + r >= src.h || held0 == held1) {
      std::memset(patch, 0, bytes(width));
      continue;
    }
    std::memset(patch, 0, bytes(held0));
    std::memcpy(patch + held0 * icg_, src.at(image, iy + r, ix + held0), bytes(held1 - held0));
    std::memset(patch + held1 * icg_, 0, bytes(width - held1));
  }
}

}  // namespace ink
