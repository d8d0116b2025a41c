#pragma once

#include "kernels/depthwise/depthwise.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// P neighbouring outputs by V vectors of channels: a weight that is loaded once meets P inputs, and P * V
// sums grow side by side. `lanes` counts the channels of the only vector where it is not a whole one.
template <class A, int P, int V>
INK_INLINE void depthwise_block(const DepthwiseRow& args, int64_t pixel, int64_t channel,
                                int lanes = kLanes<A>) {
  constexpr int kStep = kLanes<A>;
  const auto read = [&](const float* from) {
    return lanes == kStep ? load<A>(from) : load_n<A>(from, lanes);
  };
  Vec<A> sum[P][V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const Vec<A> bias = read(args.bias + channel + v * kStep);
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sum[p][v] = bias;
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
          sum[p][v] = fma<A>(read(src + p * args.src_step + v * kStep), weight, sum[p][v]);
        }
      }
    }
  }
  const Vec<A> slope = broadcast<A>(args.epilogue.slope);
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int64_t at = channel + v * kStep;
      Vec<A> residual = broadcast<A>(0.0f);
      if (args.residual != nullptr) residual = read(args.residual + (pixel + p) * args.residual_stride + at);
      Vec<A> value = sum[p][v];
      if (args.epilogue.residual_first) value = value + residual;
      value = activate<A>(value, args.epilogue.activation, slope);
      if (!args.epilogue.residual_first) value = value + residual;
      float* dst = args.dst + (pixel + p) * args.dst_stride + at;
      lanes == kStep ? store<A>(dst, value) : store_n<A>(dst, value, lanes);
    }
  }
}

template <class A, int P>
INK_INLINE void depthwise_pixels(const DepthwiseRow& args, int64_t pixel) {
  constexpr int kStep = kLanes<A>;
  int64_t channel = 0;
  for (; channel + 2 * kStep <= args.channels; channel += 2 * kStep)
    depthwise_block<A, P, 2>(args, pixel, channel);
  if (channel + kStep <= args.channels) {
    depthwise_block<A, P, 1>(args, pixel, channel);
    channel += kStep;
  }
  if (const int rest = static_cast<int>(args.channels - channel); rest > 0)
    depthwise_block<A, P, 1>(args, pixel, channel, rest);
}

template <class A>
INK_INLINE void depthwise_row(const DepthwiseRow& args) {
  int64_t pixel = 0;
  for (; pixel + 4 <= args.pixels; pixel += 4) depthwise_pixels<A, 4>(args, pixel);
  for (; pixel < args.pixels; ++pixel) depthwise_pixels<A, 1>(args, pixel);
}

}  // namespace ink::simd
