#pragma once

#include "kernels/conv/winograd_tile.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// One column or row of B^T d.
template <class A>
INK_INLINE void winograd_input_line(const Vec<A> (&d)[4], Vec<A> (&v)[4]) {
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[3] - d[1];
}
template <class A>
INK_INLINE void winograd_input_line(const Vec<A> (&d)[6], Vec<A> (&v)[6]) {
  const Vec<A> two = broadcast<A>(2.0f), four = broadcast<A>(4.0f);
  const Vec<A> minus_two = broadcast<A>(-2.0f), minus_four = broadcast<A>(-4.0f),
               minus_five = broadcast<A>(-5.0f);
  const Vec<A> even = fma<A>(minus_four, d[2], d[4]), odd = fma<A>(minus_four, d[1], d[3]);
  const Vec<A> even2 = d[4] - d[2], odd2 = d[3] - d[1];
  v[0] = fma<A>(four, d[0], fma<A>(minus_five, d[2], d[4]));
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = fma<A>(two, odd2, even2);
  v[4] = fma<A>(minus_two, odd2, even2);
  v[5] = fma<A>(four, d[1], fma<A>(minus_five, d[3], d[5]));
}
template <class A>
INK_INLINE void winograd_input_line(const Vec<A> (&d)[8], Vec<A> (&v)[8]) {
  const Vec<A> half = broadcast<A>(0.5f), two = broadcast<A>(2.0f), ends = broadcast<A>(5.25f);
  const Vec<A> even1 = fma<A>(broadcast<A>(-4.25f), d[4], d[2] + d[6]);
  const Vec<A> odd1 = fma<A>(broadcast<A>(-4.25f), d[3], d[1] + d[5]);
  const Vec<A> even2 = fma<A>(broadcast<A>(0.25f), d[2], fma<A>(broadcast<A>(-1.25f), d[4], d[6]));
  const Vec<A> odd2 = fma<A>(half, d[1], fma<A>(broadcast<A>(-2.5f), d[3], two * d[5]));
  const Vec<A> even3 = fma<A>(broadcast<A>(4.0f), d[2], fma<A>(broadcast<A>(-5.0f), d[4], d[6]));
  const Vec<A> odd3 = fma<A>(two, d[1], fma<A>(broadcast<A>(-2.5f), d[3], half * d[5]));
  v[0] = fma<A>(ends, d[4] - d[2], d[0] - d[6]);
  v[1] = even1 + odd1;
  v[2] = even1 - odd1;
  v[3] = even2 + odd2;
  v[4] = even2 - odd2;
  v[5] = even3 + odd3;
  v[6] = even3 - odd3;
  v[7] = fma<A>(ends, d[3] - d[5], d[7] - d[1]);
}

// One column or row of A^T m.
template <class A>
INK_INLINE void winograd_output_line(const Vec<A> (&m)[4], Vec<A> (&y)[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] + m[3];
}
template <class A>
INK_INLINE void winograd_output_line(const Vec<A> (&m)[6], Vec<A> (&y)[4]) {
  const Vec<A> two = broadcast<A>(2.0f), four = broadcast<A>(4.0f), eight = broadcast<A>(8.0f);
  const Vec<A> sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const Vec<A> sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum1 + sum2;
  y[1] = fma<A>(two, difference2, difference1);
  y[2] = fma<A>(four, sum2, sum1);
  y[3] = fma<A>(eight, difference2, difference1) + m[5];
}
template <class A>
INK_INLINE void winograd_output_line(const Vec<A> (&m)[8], Vec<A> (&y)[6]) {
  const auto power = [](float value) { return broadcast<A>(value); };
  const Vec<A> sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const Vec<A> sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  const Vec<A> sum3 = m[5] + m[6], difference3 = m[5] - m[6];
  y[0] = (m[0] + sum1) + (sum2 + sum3);
  y[1] = fma<A>(power(0.5f), difference3, fma<A>(power(2), difference2, difference1));
  y[2] = fma<A>(power(0.25f), sum3, fma<A>(power(4), sum2, sum1));
  y[3] = fma<A>(power(0.125f), difference3, fma<A>(power(8), difference2, difference1));
  y[4] = fma<A>(power(0.0625f), sum3, fma<A>(power(16), sum2, sum1));
  y[5] = fma<A>(power(0.03125f), difference3, fma<A>(power(32), difference2, difference1)) + m[7];
}

// Vectors of `count` channels: whole ones, or the last few.
template <class A, bool kWhole>
INK_INLINE Vec<A> load_channels(const float* src, int count) {
  return kWhole ? load<A>(src) : load_n<A>(src, count);
}

template <class A, bool kWhole>
INK_INLINE void store_channels(float* dst, Vec<A> value, int count) {
  if (kWhole) {
    store<A>(dst, value);
  } else {
    store_n<A>(dst, value, count);
  }
}

template <class A, int kTile, bool kWhole, bool kInside>
INK_INLINE void winograd_input_channels(const WinogradInput& args, int channel, int count) {
  constexpr int kInput = kTile + 2;
  Vec<A> lines[kInput][kInput];
  for (int x = 0; x < kInput; ++x) {
    Vec<A> d[kInput], v[kInput];
    const float* src = args.src + x * args.pixel_stride + channel;
#pragma GCC unroll 8
    for (int y = 0; y < kInput; ++y) {
      const bool held = kInside || (y >= args.y0 && y < args.y1 && x >= args.x0 && x < args.x1);
      d[y] = held ? load_channels<A, kWhole>(src + y * args.row_stride, count) : broadcast<A>(0.0f);
    }
    winograd_input_line<A>(d, v);
#pragma GCC unroll 8
    for (int y = 0; y < kInput; ++y) lines[y][x] = v[y];
  }
  for (int y = 0; y < kInput; ++y) {
    Vec<A> v[kInput];
    winograd_input_line<A>(lines[y], v);
    float* dst = args.dst + y * kInput * args.dst_stride + channel;
#pragma GCC unroll 8
    for (int x = 0; x < kInput; ++x) store_channels<A, kWhole>(dst + x * args.dst_stride, v[x], count);
  }
}

template <class A, int kTile>
INK_INLINE void winograd_input(const WinogradInput& args) {
  constexpr int kInput = kTile + 2;
  const bool inside = args.y0 == 0 && args.x0 == 0 && args.y1 == kInput && args.x1 == kInput;
  int channel = 0;
  if (inside) {
    for (; channel + kLanes<A> <= args.channels; channel += kLanes<A>)
      winograd_input_channels<A, kTile, true, true>(args, channel, kLanes<A>);
  }
  for (; channel < args.channels; channel += kLanes<A>) {
    const int rest = args.channels - channel;
    winograd_input_channels<A, kTile, false, false>(args, channel, rest < kLanes<A> ? rest : kLanes<A>);
  }
}

// kPlain: a whole tile with a leaky ReLU and no residual, without a question for each pixel.
template <class A, int kTile, bool kWhole, bool kPlain>
INK_INLINE void winograd_output_channels(const WinogradOutput& args, int channel, int count) {
  constexpr int kInput = kTile + 2;
  Vec<A> lines[kTile][kInput];
  for (int x = 0; x < kInput; ++x) {
    Vec<A> m[kInput], y[kTile];
#pragma GCC unroll 8
    for (int i = 0; i < kInput; ++i)
      m[i] = load_channels<A, kWhole>(args.src + (i * kInput + x) * args.src_stride + channel, count);
    winograd_output_line<A>(m, y);
#pragma GCC unroll 8
    for (int i = 0; i < kTile; ++i) lines[i][x] = y[i];
  }
  const Vec<A> bias = load_channels<A, kWhole>(args.bias + channel, count);
  const Vec<A> slope = broadcast<A>(args.epilogue.slope);
  const int rows = kPlain ? kTile : args.rows, columns = kPlain ? kTile : args.columns;
  for (int row = 0; row < rows; ++row) {
    Vec<A> y[kTile];
    winograd_output_line<A>(lines[row], y);
#pragma GCC unroll 8
    for (int x = 0; x < kTile; ++x) {
      if (x >= columns) break;
      Vec<A> value = y[x] + bias;
      if (kPlain) {
        value = activate<A>(value, Activation::leaky_relu, slope);
      } else {
        Vec<A> residual = broadcast<A>(0.0f);
        if (args.residual != nullptr) {
          residual = load_channels<A, kWhole>(
              args.residual + row * args.residual_row_stride + x * args.residual_pixel_stride + channel,
              count);
        }
        if (args.epilogue.residual_first) value = value + residual;
        value = activate<A>(value, args.epilogue.activation, slope);
        if (!args.epilogue.residual_first) value = value + residual;
      }
      store_channels<A, kWhole>(args.dst + row * args.row_stride + x * args.pixel_stride + channel, value,
                                count);
    }
  }
}

template <class A, int kTile>
INK_INLINE void winograd_output(const WinogradOutput& args) {
  int channel = 0;
  const int whole = args.channels / kLanes<A> * kLanes<A>;
  if (args.rows == kTile && args.columns == kTile && args.residual == nullptr &&
      args.epilogue.activation == Activation::leaky_relu) {
    for (; channel < whole; channel += kLanes<A>)
      winograd_output_channels<A, kTile, true, true>(args, channel, kLanes<A>);
  }
  for (; channel < whole; channel += kLanes<A>)
    winograd_output_channels<A, kTile, true, false>(args, channel, kLanes<A>);
  if (channel < args.channels)
    winograd_output_channels<A, kTile, false, false>(args, channel, args.channels - channel);
}

// M rows of two vectors. Four steps of the depth at a time: counting and moving on take issue slots, too.
// Weights and sources come from the second-level cache: asked for ahead, the weights some steps, of the
// sources the rows behind these, which are next.
template <class A, int M>
INK_INLINE void winograd_product(const WinogradProduct& args) {
  constexpr int kSteps = 4, kAhead = 512, kLine = 16;  // floats
  constexpr int kNext = M > kLine / 2 ? kLine : kLine / 2;
  Vec<A> sum[M][2];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) sum[i][0] = sum[i][1] = broadcast<A>(0.0f);
  // See gemm_step() for the rows' addresses.
  const float* row[(M + 2) / 3];
#pragma GCC unroll 8
  for (int b = 0; b < (M + 2) / 3; ++b) row[b] = args.src + 3 * b * args.src_step;
  const float *weights = args.weights, *next = args.src + M * args.src_step;
  const bool asks = args.ahead != nullptr;
  const unsigned char* ahead = asks ? args.ahead : reinterpret_cast<const unsigned char*>(weights);
  const int64_t ahead_step = asks ? args.ahead_step : 0;
  const auto step = [&](int k) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int j = 0; j < 2 * kLanes<A>; j += kLine) prefetch(weights + k * 2 * kLanes<A> + kAhead + j);
    if (M > kLine / 2 || k % 2 == 0) prefetch(next + k * kNext);
    if (M > kLine / 2 || k == 0) prefetch_later(ahead + k * ahead_step);
    const Vec<A> left = load<A>(weights + k * 2 * kLanes<A>),
                 right = load<A>(weights + (k * 2 + 1) * kLanes<A>);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
      const Vec<A> s = broadcast<A>(row[i / 3][i % 3 * args.src_step + k]);
      sum[i][0] = fma<A>(s, left, sum[i][0]);
      sum[i][1] = fma<A>(s, right, sum[i][1]);
    }
  };
  const auto move_on = [&](int steps) __attribute__((always_inline)) {
    weights += steps * 2 * kLanes<A>;
    next += steps * kNext;
    ahead += steps * ahead_step;
#pragma GCC unroll 8
    for (int b = 0; b < (M + 2) / 3; ++b) row[b] += steps;
  };
  int k = 0;
  for (; k + kSteps <= args.k; k += kSteps) {
#pragma GCC unroll 4
    for (int u = 0; u < kSteps; ++u) step(u);
    move_on(kSteps);
  }
  for (; k < args.k; ++k) {
    step(0);
    move_on(1);
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
    store<A>(args.dst + i * args.dst_step, sum[i][0]);
    store<A>(args.dst + i * args.dst_step + kLanes<A>, sum[i][1]);
  }
}

}  // namespace ink::simd
