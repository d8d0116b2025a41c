#pragma once

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/simd/math.h"

namespace ink::simd {

template <class A>
INK_INLINE void batch_norm_row(const BatchNormRow& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> slope = broadcast<A>(args.slope);
  const int64_t whole = args.channels / kStep * kStep;
  const int rest = static_cast<int>(args.channels - whole);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* src = args.src + p * args.src_stride;
    float* dst = args.dst + p * args.dst_stride;
    for (int64_t i = 0; i < whole; i += kStep) {
      const Vec<A> value = fma<A>(load<A>(src + i), load<A>(args.scale + i), load<A>(args.shift + i));
      store<A>(dst + i, activate<A>(value, args.activation, slope));
    }
    if (rest > 0) {
      const Vec<A> value = fma<A>(load_n<A>(src + whole, rest), load_n<A>(args.scale + whole, rest),
                                  load_n<A>(args.shift + whole, rest));
      store_n<A>(dst + whole, activate<A>(value, args.activation, slope), rest);
    }
  }
}

}  // namespace ink::simd
