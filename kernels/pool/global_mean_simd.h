#pragma once

#include "kernels/pool/global_mean.h"
#include "kernels/simd/doubles.h"

namespace ink::simd {

template <int kBlocks>
INK_INLINE void sum_channels(const CellSum& args, int64_t channel) {
  Doubles acc[kBlocks];
  for (int b = 0; b < kBlocks; ++b) acc[b] = load_doubles(args.sums + channel + b * kDoubles);
  for (int y = 0; y < args.rows; ++y) {
    const float* src = args.src + y * args.row_stride + channel;
    for (int x = 0; x < args.columns; ++x, src += args.pixel_stride) {
      for (int b = 0; b < kBlocks; ++b) acc[b] = add(acc[b], widen(src + b * kDoubles));
    }
  }
  for (int b = 0; b < kBlocks; ++b) store_doubles(args.sums + channel + b * kDoubles, acc[b]);
}

INK_INLINE void cell_sum(const CellSum& args) {
  constexpr int kBlocks = 8;  // independent chains: an addition takes 4 cycles and two start in each
  int64_t i = 0;
  for (; i + kBlocks * kDoubles <= args.channels; i += kBlocks * kDoubles) sum_channels<kBlocks>(args, i);
  for (; i + kDoubles <= args.channels; i += kDoubles) sum_channels<1>(args, i);
  for (; i < args.channels; ++i) {
    double sum = args.sums[i];
    for (int y = 0; y < args.rows; ++y) {
      for (int x = 0; x < args.columns; ++x) sum += args.src[y * args.row_stride + x * args.pixel_stride + i];
    }
    args.sums[i] = sum;
  }
}

}  // namespace ink::simd
