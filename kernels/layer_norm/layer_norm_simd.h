#pragma once

#include "kernels/layer_norm/layer_norm.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// The sum over i < count of each(first index, lanes in use, vector of src): four sums side by side, then the
// rest.
template <class A, class Each>
INK_INLINE float layer_norm_sum(const float* src, int64_t count, Each each) {
  constexpr int64_t kStep = kLanes<A>;
  Vec<A> a = broadcast<A>(0.0f), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * kStep <= count; i += 4 * kStep) {
    a = each(a, load<A>(src + i));
    b = each(b, load<A>(src + i + kStep));
    c = each(c, load<A>(src + i + 2 * kStep));
    d = each(d, load<A>(src + i + 3 * kStep));
  }
  for (; i + kStep <= count; i += kStep) a = each(a, load<A>(src + i));
  return reduce_add<A>((a + b) + (c + d));
}

template <class A>
INK_INLINE void layer_norm_row(const LayerNormRow& args) {
  constexpr int64_t kStep = kLanes<A>;
  const auto count = static_cast<float>(args.channels);
  const int64_t whole = args.channels / kStep * kStep;
  const int rest = static_cast<int>(args.channels - whole);
  const Vec<A> zero = broadcast<A>(0.0f);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    float sum = layer_norm_sum<A>(src, whole, [](Vec<A> s, Vec<A> x) { return s + x; });
    const Vec<A> tail = rest > 0 ? load_n<A>(src + whole, rest) : zero;
    if (rest > 0) sum += reduce_add<A>(tail);
    const Vec<A> mean = broadcast<A>(sum / count);
    float squares = layer_norm_sum<A>(src, whole, [mean](Vec<A> s, Vec<A> x) {
      const Vec<A> centred = x - mean;
      return fma<A>(centred, centred, s);
    });
    if (rest > 0) {
      const Vec<A> centred = first_n<A>(tail - mean, rest);
      squares += reduce_add<A>(centred * centred);
    }
    const Vec<A> factor = broadcast<A>(1.0f) / xsimd::sqrt(broadcast<A>(squares / count + args.epsilon));
    for (int64_t i = 0; i < whole; i += kStep) {
      store<A>(dst + i,
               fma<A>((load<A>(src + i) - mean) * factor, load<A>(args.gamma + i), load<A>(args.beta + i)));
    }
    if (rest > 0) {
      const Vec<A> y = fma<A>((tail - mean) * factor, load_n<A>(args.gamma + whole, rest),
                              load_n<A>(args.beta + whole, rest));
      store_n<A>(dst + whole, y, rest);
    }
  }
}

}  // namespace ink::simd
