#pragma once

#include "kernels/fma_peak/fma_peak.h"
#include "kernels/reduced/reduced_simd.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// Twelve chains hide a latency of up to six cycles on two units and fit in 16 registers beside two operands.
inline constexpr int kPeakChains = 12;

template <class A>
INK_INLINE void fma_peak(const FmaPeakArgs& args) {
  Vec<A> sum[kPeakChains];
  for (int i = 0; i < kPeakChains; ++i) sum[i] = broadcast<A>(static_cast<float>(i));
  const Vec<A> factor = broadcast<A>(0.999f), term = broadcast<A>(0.001f);
  for (int64_t round = 0; round < args.rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kPeakChains; ++i) sum[i] = fma<A>(sum[i], factor, term);
  }
  for (int i = 1; i < kPeakChains; ++i) sum[0] = sum[0] + sum[i];
  alignas(64) float lanes[kLanes<A>];
  sum[0].store_aligned(lanes);
  *args.sink = lanes[0];
}

// Of a Product of kernels/reduced/reduced_simd.h.
template <class A, class Product>
INK_INLINE void product_peak(const FmaPeakArgs& args) {
  typename Product::Sum sum[kPeakChains];
  alignas(64) int32_t lanes[kPeakChains][kLanes<A>] = {};
#pragma GCC unroll 12
  for (int i = 0; i < kPeakChains; ++i) sum[i] = Product::load_sums(lanes[i]);
  Ints row = broadcast_int(0x00010001);
  const Ints weights = broadcast_int(0x00020001);
  for (int64_t round = 0; round < args.rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kPeakChains; ++i) {
      // As if it were another one each time: else one product would do for all.
      __asm__("" : "+x"(row));
      sum[i] = Product::add(sum[i], row, weights);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kPeakChains; ++i) Product::store_sums(lanes[i], sum[i]);
  *args.sink = 0;
  for (const auto& chain : lanes) *args.sink += static_cast<float>(chain[0]);
}

}  // namespace ink::simd
