#pragma once

#include "kernels/attention/attention.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// Added to a vector's lanes from `count` on, so that a maximum does not see them: at kHidden + 16 - count.
alignas(64) static constexpr float kHidden[32] = {0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  0,
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf(),
                                                  -__builtin_huge_valf()};

template <class A>
INK_INLINE void softmax_row(float* row, int valid, float scale) {
  constexpr int kStep = kLanes<A>;
  const int whole = valid / kStep * kStep, rest = valid - whole;
  const Vec<A> factor = broadcast<A>(scale), zero = broadcast<A>(0.0f);
  const Vec<A> tail = load_n<A>(row + whole, rest) * factor;
  Vec<A> most = tail + load<A>(kHidden + 16 - rest);
  for (int j = 0; j < whole; j += kStep) most = max<A>(most, load<A>(row + j) * factor);
  const Vec<A> largest = broadcast<A>(reduce_max<A>(most));
  Vec<A> sums = zero;
  for (int j = 0; j < whole; j += kStep) {
    const Vec<A> e = exp<A>(load<A>(row + j) * factor - largest);
    store<A>(row + j, e);
    sums = sums + e;
  }
  const Vec<A> tail_exp = first_n<A>(exp<A>(tail - largest), rest);
  const Vec<A> share = broadcast<A>(1.0f / reduce_add<A>(sums + tail_exp));
  for (int j = 0; j < whole; j += kStep) store<A>(row + j, load<A>(row + j) * share);
  if (rest > 0) store_n<A>(row + whole, tail_exp * share, rest);
}

template <class A>
INK_INLINE void softmax_rows(const SoftmaxRows& args) {
  for (int i = 0; i < args.rows; ++i) {
    float* row = args.scores + i * args.step;
    const int grown = args.first_valid + i * args.valid_step;
    const int valid = grown < args.columns ? grown : args.columns;
    softmax_row<A>(row, valid, args.scale);
    for (int j = valid; j < args.columns; ++j) row[j] = 0.0f;
  }
}

}  // namespace ink::simd
