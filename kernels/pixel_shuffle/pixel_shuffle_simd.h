#pragma once

#include "kernels/pixel_shuffle/pixel_shuffle.h"
#include "kernels/simd/vec.h"

namespace ink::simd {

// kCount <= 4 floats, zero in the rest; touches no others.
template <int kCount>
INK_INLINE __m128 load_quad(const float* src) {
  const __m128 zero = _mm_setzero_ps();
  if constexpr (kCount == 4) return _mm_loadu_ps(src);
  if constexpr (kCount == 1) return _mm_load_ss(src);
  const __m128 pair = _mm_loadl_pi(zero, reinterpret_cast<const __m64*>(src));
  if constexpr (kCount == 2) return pair;
  return _mm_movelh_ps(pair, _mm_load_ss(src + 2));
}

template <int kCount>
INK_INLINE void store_quad(float* dst, __m128 value) {
  if constexpr (kCount == 4) {
    _mm_storeu_ps(dst, value);
  } else if constexpr (kCount == 1) {
    _mm_store_ss(dst, value);
  } else {
    _mm_storel_pi(reinterpret_cast<__m64*>(dst), value);
    if constexpr (kCount == 3) _mm_store_ss(dst + 2, _mm_movehl_ps(value, value));
  }
}

// kChannels channels of the r columns that one src pixel becomes: a transposition, channels by columns.
template <int r, int kChannels>
INK_INLINE void shuffle_block(const float* src, float* dst, int64_t dst_stride) {
  __m128 block[4];
  for (int k = 0; k < 4; ++k) block[k] = k < kChannels ? load_quad<r>(src + k * r * r) : _mm_setzero_ps();
  _MM_TRANSPOSE4_PS(block[0], block[1], block[2], block[3]);
  for (int k = 0; k < r; ++k) store_quad<kChannels>(dst + k * dst_stride, block[k]);
}

// All that becomes of `count` whole src pixels in one row of dst; kTail is what 4 leaves of the channels.
template <int r, int kTail>
INK_INLINE void shuffle_pixels(const PixelShuffleRow& args, const float* src, float* dst, int64_t count) {
  const int64_t whole = args.channels - kTail;
  for (int64_t p = 0; p < count; ++p, src += args.src_stride, dst += r * args.dst_stride) {
    for (int64_t i = 0; i < whole; i += 4) shuffle_block<r, 4>(src + i * r * r, dst + i, args.dst_stride);
    if constexpr (kTail > 0) shuffle_block<r, kTail>(src + whole * r * r, dst + whole, args.dst_stride);
  }
}

template <int r>
INK_INLINE void shuffle_pixels(const PixelShuffleRow& args, const float* src, float* dst, int64_t count) {
  switch (args.channels % 4) {
    case 0: return shuffle_pixels<r, 0>(args, src, dst, count);
    case 1: return shuffle_pixels<r, 1>(args, src, dst, count);
    case 2: return shuffle_pixels<r, 2>(args, src, dst, count);
    default: return shuffle_pixels<r, 3>(args, src, dst, count);
  }
}

// Columns [begin, end) of one src pixel, one value at a time.
INK_INLINE void shuffle_columns(const PixelShuffleRow& args, const float* src, float* dst, int begin,
                                int end) {
  for (int dx = begin; dx < end; ++dx, dst += args.dst_stride) {
    for (int64_t i = 0; i < args.channels; ++i) dst[i] = src[i * args.r * args.r + dx];
  }
}

// Wider vectors would gain nothing: what a row of dst takes from src lies there in groups of r floats.
INK_INLINE void pixel_shuffle_row(const PixelShuffleRow& args) {
  const float* src = args.src + args.dy * args.r;
  float* dst = args.dst;
  int64_t left = args.pixels;
  if (args.dx > 0) {
    const int64_t columns = args.r - args.dx < left ? args.r - args.dx : left;
    shuffle_columns(args, src, dst, args.dx, args.dx + static_cast<int>(columns));
    src += args.src_stride;
    dst += columns * args.dst_stride;
    left -= columns;
  }
  const int64_t whole = left / args.r;
  switch (args.r) {
    case 2: shuffle_pixels<2>(args, src, dst, whole); break;
    case 3: shuffle_pixels<3>(args, src, dst, whole); break;
    case 4: shuffle_pixels<4>(args, src, dst, whole); break;
    default:
      for (int64_t p = 0; p < whole; ++p) {
        shuffle_columns(args, src + p * args.src_stride, dst + p * args.r * args.dst_stride, 0, args.r);
      }
  }
  shuffle_columns(args, src + whole * args.src_stride, dst + whole * args.r * args.dst_stride, 0,
                  static_cast<int>(left - whole * args.r));
}

}  // namespace ink::simd
