#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/base/divide.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// The mean of a whole map, in two steps so that it can be summed region by region with the same bits however
// the map was cut: the map has a fixed grid of cells of mean_cell_rows() x 6 columns from its origin (those
// at its end are smaller); the pixels of a cell are added row by row in double, then the cells in the order
// of their index cy * (columns of the grid) + cx, in double; the total is divided and rounded to float once.
// Rows may come in any portions from top to bottom, columns in whole cells.
inline constexpr int kMeanCellColumns = 6;

// Rows of a cell. Small maps have flat cells, which threads can share out; of large ones, whose sums would
// take more memory than a few rows of the map, 256 rows are 384 KiB at 64 channels: a share of L2.
constexpr int mean_cell_rows(int h, int w) {
  constexpr int kFlat = 16, kTall = 256, kMostFlatCells = 2048;
  const int64_t columns = divide_up(static_cast<int64_t>(w), kMeanCellColumns);
  return divide_up(static_cast<int64_t>(h), kFlat) * columns <= kMostFlatCells ? kFlat : kTall;
}

// sums[i] += sum of src[y * row_stride + x * pixel_stride + i] over y < rows, x < columns, one after the
// other,  i < channels.
struct CellSum {
  const float* src;
  double* sums;
  int64_t channels;
  int64_t row_stride, pixel_stride;
  int rows, columns;
};

// Serial; allocates nothing; touches only the elements above. All variants give the same bits.
using CellSumKernel = void(const CellSum&);
CellSumKernel cell_sum_reference, cell_sum_sse42, cell_sum_avx2, cell_sum_avx512;

struct GlobalMeanVariant {
  Isa isa;
  const char* name;
  CellSumKernel* cell;
};

// Best first, reference last.
std::span<const GlobalMeanVariant> global_mean_variants();
const GlobalMeanVariant& choose_global_mean(Isa limit);

// All cells of an (h, w) map, in cells.
Rect global_mean_grid(int h, int w);
// How many they are, and the bytes that the sums of one image need.
int64_t global_mean_cells(int h, int w);
size_t global_sum_bytes(int h, int w, int c);

// Adds the pixels of `region` of one image to the sums of their cells, sums[cell index * c + i], which are
// zeros before the first. The region's columns begin and end where cells do; of each cell, the rows above
// have been added before. The memory of src need hold no more than the region.
void global_sum_add(const GlobalMeanVariant& variant, View<const float> src, int image, Rect region,
                    double* sums, int threads);

// dst[i] = (sum of sums[cell * c + i] over cell < cells) / count,  i < c; count is h * w.
void global_mean_finish(const double* sums, int64_t cells, int c, int64_t count, float* dst);

// dst[n,0,0,c] = mean over y, x of src[n,y,x,c], all at once. `sums` has global_sum_bytes(h, w, c).
void global_mean_run(const GlobalMeanVariant& variant, View<const float> src, View<float> dst, double* sums,
                     int threads);

}  // namespace ink
