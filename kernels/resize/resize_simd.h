#pragma once

#include "kernels/resize/resize.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// A picture's few channels, less than a vector: moves of a size that the compiler knows.
template <int kChannels>
INK_INLINE void resize_nearest_narrow(const ResizeRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.top + (args.taps[p].lo - args.x0) * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    for (int i = 0; i < kChannels; ++i) dst[i] = src[i];
  }
}

template <class A>
INK_INLINE void resize_nearest_row(const ResizeRow& args) {
  if (args.channels == 1) return resize_nearest_narrow<1>(args);
  if (args.channels == 3) return resize_nearest_narrow<3>(args);
  if (args.channels == 4) return resize_nearest_narrow<4>(args);
  constexpr int kStep = kLanes<A>;
  const int64_t whole = args.channels / kStep * kStep;
  const int rest = static_cast<int>(args.channels - whole);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.top + (args.taps[p].lo - args.x0) * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    for (int64_t i = 0; i < whole; i += kStep) store<A>(dst + i, load<A>(src + i));
    if (rest > 0) store_n<A>(dst + whole, load_n<A>(src + whole, rest), rest);
  }
}

template <class A>
INK_INLINE void resize_bilinear_row(const ResizeRow& args) {
  constexpr int kStep = kLanes<A>;
  const int64_t whole = args.channels / kStep * kStep;
  const int rest = static_cast<int>(args.channels - whole);
  const Vec<A> top_weight = broadcast<A>(args.top_weight), bottom_weight = broadcast<A>(args.bottom_weight);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const ResizeTap& tap = args.taps[p];
    const int64_t lo = (tap.lo - args.x0) * args.src_stride, hi = (tap.hi - args.x0) * args.src_stride;
    const Vec<A> lo_weight = broadcast<A>(tap.lo_weight), hi_weight = broadcast<A>(tap.hi_weight);
    float* dst = args.dst + p * args.dst_stride;
    const auto mix = [&](Vec<A> a, Vec<A> b, Vec<A> c, Vec<A> d) {
      const Vec<A> top = fma<A>(b, hi_weight, a * lo_weight);
      const Vec<A> bottom = fma<A>(d, hi_weight, c * lo_weight);
      return fma<A>(bottom, bottom_weight, top * top_weight);
    };
    for (int64_t i = 0; i < whole; i += kStep) {
      store<A>(dst + i, mix(load<A>(args.top + lo + i), load<A>(args.top + hi + i),
                            load<A>(args.bottom + lo + i), load<A>(args.bottom + hi + i)));
    }
    if (rest > 0) {
      const auto read = [&](const float* row, int64_t pixel) { return load_n<A>(row + pixel + whole, rest); };
      store_n<A>(dst + whole,
                 mix(read(args.top, lo), read(args.top, hi), read(args.bottom, lo), read(args.bottom, hi)),
                 rest);
    }
  }
}

}  // namespace ink::simd
