#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// sums[i * sum_stride + j] += sum over p < pixels of src[p * pixel_stride + row + i] * src[p * pixel_stride +
// column + j],  i < rows, j < columns. The products of one call are added up in float, p rising, and the
// result to the double.
struct GramTile {
  const float* src;
  int64_t pixel_stride;
  int pixels;
  int row, rows, column, columns;
  double* sums;
  int64_t sum_stride;
};

// Serial; allocates nothing; touches only the elements above.
using GramKernel = void(const GramTile&);
GramKernel gram_tile_reference, gram_tile_sse42, gram_tile_avx2, gram_tile_avx512;

struct GramVariant {
  Isa isa;
  const char* name;
  GramKernel* tile;
};

// Best first, reference last.
std::span<const GramVariant> gram_variants();
const GramVariant& choose_gram(Isa limit);

size_t gram_scratch_bytes(int channels);

// dst[n, 0, i, j] = sum over y, x of src[n, y, x, i] * src[n, y, x, j] / (h * w) for i in the columns of
// `region`: dst is (n, 1, c, c). Runs of at most 128 pixels of a row are added up in float, those in double,
// rows from top to bottom.
void gram_run(const GramVariant& variant, View<const float> src, View<float> dst, Rect region,
              double* scratch, int threads);

// dst[n, 0, 0, y * w + x] = max over c of src[n, y, x, c]; a NaN among them gives NaN. dst is (n, 1, 1, h *
// w).
void row_max_run(View<const float> src, View<float> dst);

}  // namespace ink
