#include "kernels/pool/global_mean.h"

#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr GlobalMeanVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "global_mean_avx512", cell_sum_avx512},
    {Isa::avx2, "global_mean_avx2", cell_sum_avx2},
    {Isa::sse42, "global_mean_sse42", cell_sum_sse42},
#endif
    {Isa::reference, "global_mean_reference", cell_sum_reference},
};

}  // namespace

void cell_sum_reference(const CellSum& args) {
  for (int64_t i = 0; i < args.channels; ++i) {
    double sum = args.sums[i];
    for (int y = 0; y < args.rows; ++y) {
      for (int x = 0; x < args.columns; ++x) sum += args.src[y * args.row_stride + x * args.pixel_stride + i];
    }
    args.sums[i] = sum;
  }
}

std::span<const GlobalMeanVariant> global_mean_variants() { return kVariants; }

const GlobalMeanVariant& choose_global_mean(Isa limit) { return best_variant(global_mean_variants(), limit); }

Rect global_mean_grid(int h, int w) {
  const int rows = mean_cell_rows(h, w);
  return {0, 0, divide_up(h, rows), divide_up(w, kMeanCellColumns)};
}

int64_t global_mean_cells(int h, int w) { return global_mean_grid(h, w).area(); }

size_t global_sum_bytes(int h, int w, int c) {
  return static_cast<size_t>(global_mean_cells(h, w)) * static_cast<size_t>(c) * sizeof(double);
}

void global_sum_add(const GlobalMeanVariant& variant, View<const float> src, int image, Rect region,
                    double* sums, int threads) {
  // A map of a few pixels and many channels is one cell: it is shared among threads by channels.
  constexpr int kChannelsPerTask = 256;
  if (region.h() <= 0 || region.w() <= 0) return;
  INK_CHECK(region.x0 % kMeanCellColumns == 0 && (region.x1 % kMeanCellColumns == 0 || region.x1 == src.w));
  const int rows = mean_cell_rows(src.h, src.w);
  const Rect cells{region.y0 / rows, region.x0 / kMeanCellColumns, divide_up(region.y1, rows),
                   divide_up(region.x1, kMeanCellColumns)};
  const int64_t slices = divide_up(src.c, kChannelsPerTask);
  const int64_t grid_columns = global_mean_grid(src.h, src.w).x1;
  parallel_for(cells.area() * slices, threads, [&](int64_t task, int) {
    const int channel = static_cast<int>(task % slices) * kChannelsPerTask;
    const int cy = cells.y0 + static_cast<int>(task / slices / cells.w());
    const int cx = cells.x0 + static_cast<int>(task / slices % cells.w());
    const Rect pixels{std::max(region.y0, cy * rows), cx * kMeanCellColumns,
                      std::min(region.y1, (cy + 1) * rows), std::min(region.x1, (cx + 1) * kMeanCellColumns)};
    variant.cell({.src = src.at(image, pixels.y0, pixels.x0) + channel,
                  .sums = sums + (cy * grid_columns + cx) * src.c + channel,
                  .channels = std::min(kChannelsPerTask, src.c - channel),
                  .row_stride = src.row_stride,
                  .pixel_stride = src.pixel_stride,
                  .rows = pixels.h(),
                  .columns = pixels.w()});
  });
}

void global_mean_finish(const double* sums, int64_t cells, int c, int64_t count, float* dst) {
  constexpr int kBlock = 64;  // totals of 64 channels stay on the stack while the cells stream by
  for (int channel = 0; channel < c; channel += kBlock) {
    const int channels = std::min(kBlock, c - channel);
    double total[kBlock] = {};
    for (int64_t cell = 0; cell < cells; ++cell) {
      for (int i = 0; i < channels; ++i) total[i] += sums[cell * c + channel + i];
    }
    for (int i = 0; i < channels; ++i) {
      dst[channel + i] = static_cast<float>(total[i] / static_cast<double>(count));
    }
  }
}

void global_mean_run(const GlobalMeanVariant& variant, View<const float> src, View<float> dst, double* sums,
                     int threads) {
  INK_CHECK(dst.n == src.n && dst.h == 1 && dst.w == 1 && dst.c == src.c && src.h > 0 && src.w > 0);
  const int64_t cells = global_mean_cells(src.h, src.w);
  for (int image = 0; image < src.n; ++image) {
    std::fill_n(sums, cells * src.c, 0.0);
    global_sum_add(variant, src, image, src.whole(), sums, threads);
    global_mean_finish(sums, cells, src.c, src.whole().area(), dst.at(image, 0, 0));
  }
}

}  // namespace ink
