#pragma once

#include "kernels/simd/math.h"
#include "kernels/softmax/softmax.h"

namespace ink::simd {

template <class A>
INK_INLINE float largest_of(const float* src, int64_t count) {
  constexpr int kStep = kLanes<A>;
  float largest = src[0];
  int64_t i = 0;
  if (count >= kStep) {
    Vec<A> most = load<A>(src);
    for (i = kStep; i + kStep <= count; i += kStep) most = max<A>(most, load<A>(src + i));
    float lanes[kStep];
    store<A>(lanes, most);
    for (const float lane : lanes) largest = lane > largest ? lane : largest;
  }
  for (; i < count; ++i) largest = src[i] > largest ? src[i] : largest;
  return largest;
}

// dst = e^(src - largest); gives the sum. Lanes add up at most kRun values in float, the rest in double.
template <class A>
INK_INLINE double exponentials(const float* src, float* dst, int64_t count, float largest) {
  constexpr int kStep = kLanes<A>, kRun = 8;
  const Vec<A> shift = broadcast<A>(largest);
  double sum = 0;
  for (int64_t i = 0; i < count;) {
    Vec<A> run = broadcast<A>(0.0f);
    for (int r = 0; r < kRun && i < count; ++r, i += kStep) {
      const int lanes = count - i < kStep ? static_cast<int>(count - i) : kStep;
      const Vec<A> value = exp<A>(load_n<A>(src + i, lanes) - shift);
      store_n<A>(dst + i, value, lanes);
      run = run + (lanes == kStep ? value : load_n<A>(dst + i, lanes));
    }
    float lanes[kStep];
    store<A>(lanes, run);
    for (const float lane : lanes) sum += lane;
  }
  return sum;
}

template <class A>
INK_INLINE void softmax_row(const SoftmaxRow& args) {
  constexpr int kStep = kLanes<A>;
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    const double sum = exponentials<A>(src, dst, args.channels, largest_of<A>(src, args.channels));
    const Vec<A> divisor = broadcast<A>(static_cast<float>(sum));
    for (int64_t i = 0; i < args.channels; i += kStep) {
      const int lanes = args.channels - i < kStep ? static_cast<int>(args.channels - i) : kStep;
      store_n<A>(dst + i, load_n<A>(dst + i, lanes) / divisor, lanes);
    }
  }
}

}  // namespace ink::simd
