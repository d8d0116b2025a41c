#include "kernels/gram/gram.h"

#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr GramVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "gram_avx512", gram_tile_avx512},
    {Isa::avx2, "gram_avx2", gram_tile_avx2},
    {Isa::sse42, "gram_sse42", gram_tile_sse42},
#endif
    {Isa::reference, "gram_reference", gram_tile_reference},
};

// A run of pixels stays in the second-level cache while the tiles of a task pass over it.
constexpr int kPixels = 128, kRowsPerTask = 32;

}  // namespace

void gram_tile_reference(const GramTile& args) {
  for (int i = 0; i < args.rows; ++i) {
    for (int j = 0; j < args.columns; ++j) {
      double sum = 0;
      for (int p = 0; p < args.pixels; ++p) {
        const float* pixel = args.src + p * args.pixel_stride;
        sum += static_cast<double>(pixel[args.row + i]) * pixel[args.column + j];
      }
      args.sums[i * args.sum_stride + j] += sum;
    }
  }
}

std::span<const GramVariant> gram_variants() { return kVariants; }

const GramVariant& choose_gram(Isa limit) { return best_variant(gram_variants(), limit); }

size_t gram_scratch_bytes(int channels) {
  return static_cast<size_t>(channels) * static_cast<size_t>(channels) * sizeof(double);
}

void gram_run(const GramVariant& variant, View<const float> src, View<float> dst, Rect region,
              double* scratch, int threads) {
  const int c = src.c;
  if (region.h() <= 0) return;
  INK_CHECK(dst.n == src.n && dst.h == 1 && dst.w == c && dst.c == c && src.h > 0 && src.w > 0);
  const double count = static_cast<double>(src.h) * src.w;
  const int tasks = divide_up(c, kRowsPerTask);
  for (int image = 0; image < src.n; ++image) {
    std::fill_n(scratch, static_cast<int64_t>(c) * c, 0.0);
    // The matrix is symmetric: a task makes its rows from the diagonal on.
    parallel_for(tasks, threads, [&](int64_t task, int) {
      const int row = static_cast<int>(task) * kRowsPerTask;
      for (int y = 0; y < src.h; ++y) {
        for (int x = 0; x < src.w; x += kPixels) {
          variant.tile({.src = src.at(image, y, x),
                        .pixel_stride = src.pixel_stride,
                        .pixels = std::min(kPixels, src.w - x),
                        .row = row,
                        .rows = std::min(kRowsPerTask, c - row),
                        .column = row,
                        .columns = c - row,
                        .sums = scratch + static_cast<int64_t>(row) * c + row,
                        .sum_stride = c});
        }
      }
    });
    parallel_for(tasks, threads, [&](int64_t task, int) {
      const int first = std::max(static_cast<int>(task) * kRowsPerTask, region.x0);
      const int behind = std::min(static_cast<int>(task + 1) * kRowsPerTask, region.x1);
      for (int i = first; i < behind; ++i) {
        float* row = dst.at(image, 0, i);
        for (int j = 0; j < c; ++j) {
          const int64_t low = std::min(i, j), high = std::max(i, j);
          row[j] = static_cast<float>(scratch[low * c + high] / count);
        }
      }
    });
  }
}

void row_max_run(View<const float> src, View<float> dst) {
  INK_CHECK(dst.n == src.n && dst.h == 1 && dst.w == 1 && dst.c == src.h * src.w && src.c > 0);
  for (int image = 0; image < src.n; ++image) {
    float* to = dst.at(image, 0, 0);
    for (int y = 0; y < src.h; ++y) {
      for (int x = 0; x < src.w; ++x, ++to) {
        const float* row = src.at(image, y, x);
        float largest = row[0];
        for (int c = 1; c < src.c; ++c) {
          if (row[c] > largest || row[c] != row[c]) largest = row[c];
        }
        *to = largest;
      }
    }
  }
}

}  // namespace ink
