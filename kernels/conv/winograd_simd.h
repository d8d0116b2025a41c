#pragma once

#include "kernels/conv/winograd_tile.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// One column or row of B^T d, F(4, 3).
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

// One column or row of A^T m.
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

template <class A, bool kWhole, bool kInside>
INK_INLINE void winograd_input_channels(const WinogradInput& args, int channel, int count) {
  Vec<A> lines[6][6];
  for (int x = 0; x < 6; ++x) {
    Vec<A> d[6], v[6];
    const float* src = args.src + x * args.pixel_stride + channel;
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) {
      const bool held = kInside || (y >= args.y0 && y < args.y1 && x >= args.x0 && x < args.x1);
      d[y] = held ? load_channels<A, kWhole>(src + y * args.row_stride, count) : broadcast<A>(0.0f);
    }
    winograd_input_line<A>(d, v);
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) lines[y][x] = v[y];
  }
  for (int y = 0; y < 6; ++y) {
    Vec<A> v[6];
    winograd_input_line<A>(lines[y], v);
    float* dst = args.dst + y * 6 * args.dst_stride + channel;
#pragma GCC unroll 6
    for (int x = 0; x < 6; ++x) store_channels<A, kWhole>(dst + x * args.dst_stride, v[x], count);
  }
}

template <class A>
INK_INLINE void winograd_input(const WinogradInput& args) {
  const bool inside = args.y0 == 0 && args.x0 == 0 && args.y1 == 6 && args.x1 == 6;
  int channel = 0;
  if (inside) {
    for (; channel + kLanes<A> <= args.channels; channel += kLanes<A>)
      winograd_input_channels<A, true, true>(args, channel, kLanes<A>);
  }
  for (; channel < args.channels; channel += kLanes<A>) {
    const int rest = args.channels - channel;
    winograd_input_channels<A, false, false>(args, channel, rest < kLanes<A> ? rest : kLanes<A>);
  }
}

template <class A, bool kWhole>
INK_INLINE void winograd_output_channels(const WinogradOutput& args, int channel, int count) {
  Vec<A> lines[4][6];
  for (int x = 0; x < 6; ++x) {
    Vec<A> m[6], y[4];
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i)
      m[i] = load_channels<A, kWhole>(args.src + (i * 6 + x) * args.src_stride + channel, count);
    winograd_output_line<A>(m, y);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) lines[i][x] = y[i];
  }
  const Vec<A> bias = load_channels<A, kWhole>(args.bias + channel, count);
  const Vec<A> slope = broadcast<A>(args.epilogue.slope);
  for (int row = 0; row < args.rows; ++row) {
    Vec<A> y[4];
    winograd_output_line<A>(lines[row], y);
#pragma GCC unroll 4
    for (int x = 0; x < 4; ++x) {
      if (x >= args.columns) break;
      Vec<A> value = y[x] + bias;
      Vec<A> residual = broadcast<A>(0.0f);
      if (args.residual != nullptr) {
        residual = load_channels<A, kWhole>(
            args.residual + row * args.residual_row_stride + x * args.residual_pixel_stride + channel, count);
      }
      if (args.epilogue.residual_first) value = value + residual;
      value = activate<A>(value, args.epilogue.activation, slope);
      if (!args.epilogue.residual_first) value = value + residual;
      store_channels<A, kWhole>(args.dst + row * args.row_stride + x * args.pixel_stride + channel, value,
                                count);
    }
  }
}

template <class A>
INK_INLINE void winograd_output(const WinogradOutput& args) {
  int channel = 0;
  for (; channel + kLanes<A> <= args.channels; channel += kLanes<A>) {
    winograd_output_channels<A, true>(args, channel, kLanes<A>);
  }
  if (channel < args.channels) winograd_output_channels<A, false>(args, channel, args.channels - channel);
}

}  // namespace ink::simd
