#pragma once

#include "kernels/activation/activation.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// One activation, known when it is compiled: the loop then holds nothing but its arithmetic.
template <class A, Activation kActivation>
static void activate_row(const ActivationRow& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> slope = broadcast<A>(args.slope);
  int64_t i = 0;
  for (; i + kStep <= args.count; i += kStep) {
    store<A>(args.dst + i, activate<A>(load<A>(args.src + i), kActivation, slope));
  }
  if (const int rest = static_cast<int>(args.count - i); rest > 0) {
    store_n<A>(args.dst + i, activate<A>(load_n<A>(args.src + i, rest), kActivation, slope), rest);
  }
}

template <class A>
INK_INLINE void activation_row(const ActivationRow& args) {
  switch (args.activation) {
    case Activation::none: return activate_row<A, Activation::none>(args);
    case Activation::relu: return activate_row<A, Activation::relu>(args);
    case Activation::leaky_relu: return activate_row<A, Activation::leaky_relu>(args);
    case Activation::sigmoid: return activate_row<A, Activation::sigmoid>(args);
    case Activation::tanh: return activate_row<A, Activation::tanh>(args);
    case Activation::silu: return activate_row<A, Activation::silu>(args);
    case Activation::gelu: return activate_row<A, Activation::gelu>(args);
    case Activation::quick_gelu: return activate_row<A, Activation::quick_gelu>(args);
  }
}

}  // namespace ink::simd
