#pragma once

#include "kernels/pool/pool.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// kBlocks neighbouring vectors of channels of one output, so that their chains of additions overlap; `lanes`
// counts the channels of the only vector where it is not a whole one.
template <class A, bool kMax, int kBlocks>
INK_INLINE void pool_window(const PoolRow& args, const float* src, float* dst, int lanes = kLanes<A>) {
  constexpr int kStep = kLanes<A>;
  const auto read = [&](const float* from) {
    return lanes == kStep ? load<A>(from) : load_n<A>(from, lanes);
  };
  Vec<A> acc[kBlocks];
  for (int b = 0; b < kBlocks; ++b) acc[b] = kMax ? read(src + b * kStep) : broadcast<A>(0.0f);
  for (int y = 0; y < args.rows; ++y) {
    for (int x = 0; x < args.columns; ++x) {
      const float* from = src + y * args.row_stride + x * args.pixel_stride;
      for (int b = 0; b < kBlocks; ++b) {
        const Vec<A> value = read(from + b * kStep);
        if constexpr (kMax) {
          // The maximum instructions lose a NaN in one of their operands; xsimd's != is ordered on AVX.
          acc[b] = xsimd::select((value > acc[b]) | xsimd::isnan(value), value, acc[b]);
        } else {
          acc[b] = acc[b] + value;
        }
      }
    }
  }
  const Vec<A> divisor = broadcast<A>(args.divisor);
  for (int b = 0; b < kBlocks; ++b) {
    const Vec<A> value = kMax ? acc[b] : acc[b] / divisor;
    lanes == kStep ? store<A>(dst + b * kStep, value) : store_n<A>(dst + b * kStep, value, lanes);
  }
}

template <class A, bool kMax>
INK_INLINE void pool_pixels(const PoolRow& args) {
  constexpr int kStep = kLanes<A>;
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_step;
    float* dst = args.dst + p * args.dst_stride;
    int64_t i = 0;
    for (; i + 4 * kStep <= args.channels; i += 4 * kStep) pool_window<A, kMax, 4>(args, src + i, dst + i);
    for (; i + kStep <= args.channels; i += kStep) pool_window<A, kMax, 1>(args, src + i, dst + i);
    if (const int rest = static_cast<int>(args.channels - i); rest > 0) {
      pool_window<A, kMax, 1>(args, src + i, dst + i, rest);
    }
  }
}

template <class A>
INK_INLINE void pool_row(const PoolRow& args) {
  args.kind == PoolKind::max ? pool_pixels<A, true>(args) : pool_pixels<A, false>(args);
}

}  // namespace ink::simd
