#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"

namespace ink {

// Some neighbouring outputs of a convolution with few output channels. The lanes of its sums are input
// channels, so that no lane stays empty however few outputs there are; each sum adds up its lanes in the end:
//   dst[i, j] = bias[j] + sum_{t < tap_count} sum_{k < run} src[i * src_step + taps[t] + k] * w[t, k, j]
//               (+ residual[i, j])                                            for i < m, j < columns
// Lane l takes the k of a tap that are l modulo the lanes, tap after tap: the same order for every output.
struct NarrowTileArgs {
  const float* src;  // all of the variant's rows are read, whatever m is
  int64_t src_step;
  const int64_t* taps;
  int tap_count, run;
  const float* packed;  // w as (t, vector of k, j, lane), zeros beyond run
  const float* bias;    // kNarrowColumns values
  float* dst;
  int64_t dst_step;
  const float* residual;  // with residual_step, or nullptr
  int64_t residual_step;
  int m, columns;
  int tiles = 1;  // more of them side by side: whole ones, each behind the rows of the one before
  // What is read next: asked for, `ahead_step` bytes for each vector of k. nullptr: nothing.
  const unsigned char* ahead = nullptr;
  int64_t ahead_step = 0;
};

inline constexpr int kNarrowColumns = 4;  // at most
inline constexpr int kNarrowRows = 8;

// Serial; allocates nothing; touches only what is named above.
using NarrowTile = void(const NarrowTileArgs&);
NarrowTile narrow_tile_reference, narrow_tile_sse42, narrow_tile_avx2, narrow_tile_avx512;

struct NarrowVariant {
  Isa isa;
  const char* name;
  NarrowTile* tile;
  int lanes;
  int rows[kNarrowColumns];  // of a tile with so many columns, less one
};

// Best first, reference last.
std::span<const NarrowVariant> narrow_variants();
const NarrowVariant& choose_narrow(Isa limit);

}  // namespace ink
