#pragma once

#include "kernels/activation/activation.h"
#include "kernels/simd/math.h"

namespace ink::simd {

template <class A>
INK_INLINE void activation_row(const ActivationRow& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> slope = broadcast<A>(args.slope);
  int64_t i = 0;
  for (; i + kStep <= args.count; i += kStep) {
    store<A>(args.dst + i, activate<A>(load<A>(args.src + i), args.activation, slope));
  }
  if (const int rest = static_cast<int>(args.count - i); rest > 0) {
    store_n<A>(args.dst + i, activate<A>(load_n<A>(args.src + i, rest), args.activation, slope), rest);
  }
}

}  // namespace ink::simd
