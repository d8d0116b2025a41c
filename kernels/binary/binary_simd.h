#pragma once

#include "kernels/binary/binary.h"
#include "kernels/simd/math.h"

namespace ink::simd {

template <class A, BinaryOp op>
INK_INLINE Vec<A> combined(Vec<A> x, Vec<A> y) {
  if constexpr (op == BinaryOp::add) return x + y;
  if constexpr (op == BinaryOp::mul) return x * y;
  // The maximum instructions lose a NaN in one of their operands.
  return xsimd::select((x > y) | xsimd::isnan(x), x, y);
}

template <class A, BinaryOp op, bool b_is_scalar, bool kPlain>
INK_INLINE void binary_pixels(const BinaryRow& args) {
  constexpr int kStep = kLanes<A>;
  const Vec<A> slope = broadcast<A>(args.slope);
  const int64_t whole = args.channels / kStep * kStep;
  const int rest = static_cast<int>(args.channels - whole);
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* a = args.a + p * args.a_stride;
    const float* b = args.b + p * args.b_stride;
    float* dst = args.dst + p * args.dst_stride;
    const Vec<A> scalar = broadcast<A>(*b);
    const auto combine = [&](Vec<A> x, Vec<A> y) {
      const Vec<A> value = combined<A, op>(x, y);
      return kPlain ? value : activate<A>(value, args.activation, slope);
    };
    for (int64_t i = 0; i < whole; i += kStep) {
      store<A>(dst + i, combine(load<A>(a + i), b_is_scalar ? scalar : load<A>(b + i)));
    }
    if (rest > 0) {
      const Vec<A> y = b_is_scalar ? scalar : load_n<A>(b + whole, rest);
      store_n<A>(dst + whole, combine(load_n<A>(a + whole, rest), y), rest);
    }
  }
}

template <class A, BinaryOp op>
INK_INLINE void binary_pixels(const BinaryRow& args) {
  // What is scaled on its way to a product: nothing is asked in that loop.
  if (args.activation == Activation::none) {
    args.b_is_scalar ? binary_pixels<A, op, true, true>(args) : binary_pixels<A, op, false, true>(args);
  } else {
    args.b_is_scalar ? binary_pixels<A, op, true, false>(args) : binary_pixels<A, op, false, false>(args);
  }
}

template <class A>
INK_INLINE void binary_row(const BinaryRow& args) {
  switch (args.op) {
    case BinaryOp::add: return binary_pixels<A, BinaryOp::add>(args);
    case BinaryOp::mul: return binary_pixels<A, BinaryOp::mul>(args);
    case BinaryOp::max: return binary_pixels<A, BinaryOp::max>(args);
  }
}

}  // namespace ink::simd
