#pragma once

#include "kernels/depthwise/depthwise.h"
#include "kernels/simd/doubles.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// Adds pixels of a cell to its sums: from registers where there are whole vectors, else from where they were
// stored.
template <class A, int P>
INK_INLINE void depthwise_sum(const DepthwiseRow& args, int64_t pixel, int64_t channel,
                              const Vec<A> (&values)[P], int lanes) {
  double* sums = args.sums + pixel / kDepthwiseCell * args.sums_stride + channel;
  if (lanes < kLanes<A>) {
    for (int i = 0; i < lanes; ++i) {
      for (int p = 0; p < P; ++p) sums[i] += args.dst[(pixel + p) * args.dst_stride + channel + i];
    }
    return;
  }
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    Doubles sum = load_doubles(sums + half * kDoubles);
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum = add(sum, widen_half<A>(values[p], half));
    store_doubles(sums + half * kDoubles, sum);
  }
}

// Out of line: exponentials inlined into every block size would make this the largest of all kernels.
template <class A>
static __attribute__((noinline)) Vec<A> depthwise_activate(Vec<A> x, Activation activation, float slope) {
  return activate<A>(x, activation, broadcast<A>(slope));
}

// P neighbouring outputs by V vectors of channels: a weight that is loaded once meets P inputs, and
// P * V sums grow side by side. `lanes` counts the channels of the only vector where it is not a whole one.
// kPlainSilu: that is the epilogue, and there is no residual.
template <class A, int P, int V, bool kPlainSilu>
INK_INLINE void depthwise_block(const DepthwiseRow& args, int64_t pixel, int64_t channel,
                                int lanes = kLanes<A>) {
  constexpr int kStep = kLanes<A>;
  const auto read = [&](const float* from) {
    return lanes == kStep ? load<A>(from) : load_n<A>(from, lanes);
  };
  Vec<A> sum[V][P];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const Vec<A> bias = read(args.bias + channel + v * kStep);
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[v][p] = bias;
  }
  const float* src_row = args.src + pixel * args.src_step + channel;
  const float* weight_row = args.weights + channel;
  for (int y = 0; y < args.rows; ++y, src_row += args.row_step, weight_row += args.weight_row_step) {
    const float* src = src_row;
    const float* weights = weight_row;
    for (int x = 0; x < args.columns; ++x, src += args.column_step, weights += args.weight_step) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Vec<A> weight = read(weights + v * kStep);
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) {
          sum[v][p] = fma<A>(read(src + p * args.src_step + v * kStep), weight, sum[v][p]);
        }
      }
    }
  }
  const Activation activation = args.epilogue.activation;
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const int64_t at = channel + v * kStep;
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      Vec<A> value = sum[v][p];
      if constexpr (kPlainSilu) {
        value = silu<A>(value);
      } else {
        Vec<A> residual = broadcast<A>(0.0f);
        if (args.residual != nullptr)
          residual = read(args.residual + (pixel + p) * args.residual_stride + at);
        if (args.epilogue.residual_first) value = value + residual;
        if (activation == Activation::relu) {
          value = max<A>(broadcast<A>(0.0f), value);
        } else if (activation != Activation::none) {
          value = depthwise_activate<A>(value, activation, args.epilogue.slope);
        }
        if (!args.epilogue.residual_first) value = value + residual;
      }
      float* dst = args.dst + (pixel + p) * args.dst_stride + at;
      lanes == kStep ? store<A>(dst, value) : store_n<A>(dst, value, lanes);
      sum[v][p] = value;
    }
    if (args.sums != nullptr) depthwise_sum<A, P>(args, pixel, at, sum[v], lanes);
  }
}

template <class A, int P, bool kPlainSilu>
INK_INLINE void depthwise_pixels(const DepthwiseRow& args, int64_t pixel) {
  constexpr int kStep = kLanes<A>;
  int64_t channel = 0;
  for (; channel + 2 * kStep <= args.channels; channel += 2 * kStep)
    depthwise_block<A, P, 2, kPlainSilu>(args, pixel, channel);
  if (channel + kStep <= args.channels) {
    depthwise_block<A, P, 1, kPlainSilu>(args, pixel, channel);
    channel += kStep;
  }
  if (const int rest = static_cast<int>(args.channels - channel); rest > 0)
    depthwise_block<A, P, 1, kPlainSilu>(args, pixel, channel, rest);
}

template <class A, bool kPlainSilu>
static void depthwise_pixels(const DepthwiseRow& args) {
  // The 16 registers of SSE4.2 have no room for more beside the products. Cells are whole blocks.
  constexpr int kPixels = kLanes<A> == 4 ? 3 : 6;
  static_assert(kDepthwiseCell % kPixels == 0);
  int64_t pixel = 0;
  for (; pixel + kPixels <= args.pixels; pixel += kPixels)
    depthwise_pixels<A, kPixels, kPlainSilu>(args, pixel);
  switch (args.pixels - pixel) {
    case 5: return depthwise_pixels<A, 5, kPlainSilu>(args, pixel);
    case 4: return depthwise_pixels<A, 4, kPlainSilu>(args, pixel);
    case 3: return depthwise_pixels<A, 3, kPlainSilu>(args, pixel);
    case 2: return depthwise_pixels<A, 2, kPlainSilu>(args, pixel);
    case 1: return depthwise_pixels<A, 1, kPlainSilu>(args, pixel);
    default: return;
  }
}

template <class A>
INK_INLINE void depthwise_row(const DepthwiseRow& args) {
  if (args.epilogue.activation == Activation::silu && args.residual == nullptr) {
    depthwise_pixels<A, true>(args);
  } else {
    depthwise_pixels<A, false>(args);
  }
}

}  // namespace ink::simd
