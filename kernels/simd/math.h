#pragma once

#include "kernels/base/epilogue.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// e^x, error below 1 ulp for x in [-87.3, 88.3], below 1.3 without FMA; clamped outside, so the result is
// always finite and positive. x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 is split in two so that r keeps its
// low bits (Cody and Waite); e^r is 1 + r and a fit of degree 6 to the rest, off by 4e-9 of the value.
template <class A>
INK_INLINE Vec<A> exp(Vec<A> x) {
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kFit[] = {0.00138145406f, 0.00836874545f, 0.041668389f, 0.166665211f, 0.49999994f, 1, 1};
  // So large that adding it rounds to a whole number and leaves n + 127 in the low bits.
  constexpr float kRounder = 0x1.8p23f + 127;
  // The bounds come first: x86 gives the second operand where one is NaN.
  x = min<A>(broadcast<A>(88.3f), max<A>(broadcast<A>(-87.3f), x));
  const Vec<A> rounded = fma<A>(x, broadcast<A>(kLog2E), broadcast<A>(kRounder));
  const Vec<A> n = rounded - broadcast<A>(kRounder);
  Vec<A> r = fma<A>(n, broadcast<A>(-kLn2High), x);
  r = fma<A>(n, broadcast<A>(-kLn2Low), r);
  Vec<A> p = broadcast<A>(kFit[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 7; ++i) p = fma<A>(p, r, broadcast<A>(kFit[i]));
  // 2^n by the exponent field; n is in [-126, 127] after the clamp.
  const auto bits = xsimd::bitwise_cast<xsimd::batch<int32_t, A>>(rounded) << 23;
  return p * xsimd::bitwise_cast<Vec<A>>(bits);
}

// 1 / (1 + e^-x), error below 3 ulp.
template <class A>
INK_INLINE Vec<A> sigmoid(Vec<A> x) {
  const Vec<A> one = broadcast<A>(1.0f);
  return one / (one + exp<A>(-x));
}

// x / (1 + e^(-factor x)), error below 3 ulp for the factor 1.
template <class A>
INK_INLINE Vec<A> silu(Vec<A> x, float factor = 1) {
  return x / (broadcast<A>(1.0f) + exp<A>(x * broadcast<A>(-factor)));
}

// tanh, absolute error below 2e-7: 1 - 2 / (1 + e^2x) away from zero, where it does not cancel; near zero the
// odd series to x^9, whose remainder at |x| = 0.25 is below 1e-8 of x.
template <class A>
INK_INLINE Vec<A> tanh(Vec<A> x) {
  const Vec<A> one = broadcast<A>(1.0f);
  const Vec<A> far = one - broadcast<A>(2.0f) / (one + exp<A>(x + x));
  const Vec<A> x2 = x * x;
  Vec<A> p = broadcast<A>(62.0f / 2835);
  p = fma<A>(p, x2, broadcast<A>(-17.0f / 315));
  p = fma<A>(p, x2, broadcast<A>(2.0f / 15));
  p = fma<A>(p, x2, broadcast<A>(-1.0f / 3));
  const Vec<A> near = fma<A>(p * x2, x, x);
  return xsimd::select(xsimd::abs(x) < broadcast<A>(0.25f), near, far);
}

// x * Phi(x), relative error below 5e-7 + x^2 * 4e-8 (the square is rounded before its exponential), absolute
// error below 3e-7 * max(1, |x|). Phi(-|x|) = e^(-x^2 / 2) * t * P(t) with t = 1 / (1 + 0.35 |x|): P has
// degree 8 and fits to 3.3e-8 of the value for |x| up to 14, beyond which the exponential is 0 in float. The
// smaller tail is computed and the larger one is 1 minus it, so neither side cancels.
template <class A>
INK_INLINE Vec<A> gelu(Vec<A> x) {
  constexpr float kTail[] = {-0.02914639189839363f, 0.14397366344928741f,  -0.2557177245616913f,
                             0.15917733311653137f,  -0.02311144955456257f, 0.10550843179225922f,
                             0.1198328286409378f,   0.13986186683177948f,  0.13962140679359436f};
  const Vec<A> one = broadcast<A>(1.0f);
  const Vec<A> t = one / fma<A>(xsimd::abs(x), broadcast<A>(0.35f), one);
  Vec<A> p = broadcast<A>(kTail[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 9; ++i) p = fma<A>(p, t, broadcast<A>(kTail[i]));
  const Vec<A> tail = p * t * exp<A>(x * x * broadcast<A>(-0.5f));
  return x * xsimd::select(x > broadcast<A>(0.0f), one - tail, tail);
}

// One activation on a vector; the switch is on a value that is the same for a whole call.
template <class A>
INK_INLINE Vec<A> activate(Vec<A> x, Activation activation, Vec<A> slope) {
  const Vec<A> zero = broadcast<A>(0.0f);
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return max<A>(zero, x);  // in this order a NaN stays one
    case Activation::leaky_relu: return xsimd::select(x > zero, x, x * slope);
    case Activation::sigmoid: return sigmoid<A>(x);
    case Activation::tanh: return tanh<A>(x);
    case Activation::silu: return silu<A>(x);
    case Activation::gelu: return gelu<A>(x);
    case Activation::quick_gelu: return silu<A>(x, 1.702f);
  }
  return x;
}

}  // namespace ink::simd
