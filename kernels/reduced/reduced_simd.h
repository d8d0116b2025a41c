#pragma once

#include <cstring>

#include "kernels/reduced/reduced_tile.h"
#include "kernels/simd/math.h"

namespace ink::simd {

// Vectors of 32-bit integers, as wide as those of floats.
#if defined(__AVX512BW__)
using Ints = __m512i;
INK_INLINE Ints zero_ints() { return _mm512_setzero_si512(); }
INK_INLINE Ints load_ints(const void* src) { return _mm512_loadu_si512(src); }
INK_INLINE void store_ints(void* dst, Ints value) { _mm512_storeu_si512(dst, value); }
INK_INLINE Ints broadcast_int(int32_t value) { return _mm512_set1_epi32(value); }
INK_INLINE Ints and_ints(Ints a, Ints b) { return _mm512_and_si512(a, b); }
INK_INLINE Ints add_ints(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
INK_INLINE Ints max_ints(Ints a, Ints b) { return _mm512_max_epi32(a, b); }
INK_INLINE Ints multiply_pairs(Ints a, Ints b) { return _mm512_madd_epi16(a, b); }
INK_INLINE Ints half_down(Ints a) { return _mm512_srli_epi32(a, 16); }
INK_INLINE Ints round_to_ints(__m512 a) { return _mm512_cvtps_epi32(a); }
INK_INLINE Ints bits_of(__m512 a) { return _mm512_castps_si512(a); }
INK_INLINE __m512 floats_of(Ints a) { return _mm512_castsi512_ps(a); }
INK_INLINE __m512 to_floats(Ints a) { return _mm512_cvtepi32_ps(a); }
INK_INLINE void store_shorts(void* dst, Ints a) {
  _mm256_storeu_si256(static_cast<__m256i*>(dst), _mm512_cvtsepi32_epi16(a));
}
#elif defined(__AVX2__)
using Ints = __m256i;
INK_INLINE Ints zero_ints() { return _mm256_setzero_si256(); }
INK_INLINE Ints load_ints(const void* src) { return _mm256_loadu_si256(static_cast<const __m256i*>(src)); }
INK_INLINE void store_ints(void* dst, Ints value) { _mm256_storeu_si256(static_cast<__m256i*>(dst), value); }
INK_INLINE Ints broadcast_int(int32_t value) { return _mm256_set1_epi32(value); }
INK_INLINE Ints and_ints(Ints a, Ints b) { return _mm256_and_si256(a, b); }
INK_INLINE Ints add_ints(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
INK_INLINE Ints max_ints(Ints a, Ints b) { return _mm256_max_epi32(a, b); }
INK_INLINE Ints multiply_pairs(Ints a, Ints b) { return _mm256_madd_epi16(a, b); }
INK_INLINE Ints half_down(Ints a) { return _mm256_srli_epi32(a, 16); }
INK_INLINE Ints round_to_ints(__m256 a) { return _mm256_cvtps_epi32(a); }
INK_INLINE Ints bits_of(__m256 a) { return _mm256_castps_si256(a); }
INK_INLINE __m256 floats_of(Ints a) { return _mm256_castsi256_ps(a); }
INK_INLINE __m256 to_floats(Ints a) { return _mm256_cvtepi32_ps(a); }
INK_INLINE void store_shorts(void* dst, Ints a) {
  _mm_storeu_si128(static_cast<__m128i*>(dst),
                   _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)));
}
#else
using Ints = __m128i;
INK_INLINE Ints zero_ints() { return _mm_setzero_si128(); }
INK_INLINE Ints load_ints(const void* src) { return _mm_loadu_si128(static_cast<const __m128i*>(src)); }
INK_INLINE void store_ints(void* dst, Ints value) { _mm_storeu_si128(static_cast<__m128i*>(dst), value); }
INK_INLINE Ints broadcast_int(int32_t value) { return _mm_set1_epi32(value); }
INK_INLINE Ints and_ints(Ints a, Ints b) { return _mm_and_si128(a, b); }
INK_INLINE Ints add_ints(Ints a, Ints b) { return _mm_add_epi32(a, b); }
INK_INLINE Ints max_ints(Ints a, Ints b) { return _mm_max_epi32(a, b); }
INK_INLINE Ints multiply_pairs(Ints a, Ints b) { return _mm_madd_epi16(a, b); }
INK_INLINE Ints half_down(Ints a) { return _mm_srli_epi32(a, 16); }
INK_INLINE Ints round_to_ints(__m128 a) { return _mm_cvtps_epi32(a); }
INK_INLINE Ints bits_of(__m128 a) { return _mm_castps_si128(a); }
INK_INLINE __m128 floats_of(Ints a) { return _mm_castsi128_ps(a); }
INK_INLINE __m128 to_floats(Ints a) { return _mm_cvtepi32_ps(a); }
INK_INLINE void store_shorts(void* dst, Ints a) {
  _mm_storel_epi64(static_cast<__m128i*>(dst), _mm_packs_epi32(a, a));
}
#endif

// --- Rows. Element: Type, kZero (a byte of a zero) and put(dst, floats, factor), which writes a vector of
// them.

// Writes whole vectors, up to 64 bytes behind the row.
template <class A, class Element>
INK_INLINE void reduced_put_pieces(const ReducedRowArgs& args, float scale) {
  using Type = typename Element::Type;
  const Vec<A> factor = broadcast<A>(scale);
  auto* dst = static_cast<Type*>(args.dst);
  for (int i = 0; i < args.count; ++i) {
    const ReducedPiece& piece = args.pieces[i];
    if (piece.src == nullptr) {
      std::memset(dst, Element::kZero, static_cast<size_t>(piece.count) * sizeof(Type));
    } else {
      int64_t j = 0;
      for (; j + kLanes<A> <= piece.count; j += kLanes<A>) {
        Element::put(dst + j, load<A>(piece.src + j), factor);
      }
      const int rest = static_cast<int>(piece.count - j);
      if (rest > 0) Element::put(dst + j, load_n<A>(piece.src + j, rest), factor);
    }
    dst += piece.count;
  }
  auto* end = static_cast<char*>(args.dst) + args.groups * 4;
  std::memset(dst, Element::kZero, static_cast<size_t>(end - reinterpret_cast<char*>(dst)));
}

// Rounded, and still a float. A NaN stays as it is: a product of it is one, whatever its lower half.
template <class A>
struct RoundedFloat {
  using Type = float;
  static constexpr int kZero = 0;
  INK_INLINE void put(float* dst, Vec<A> x, Vec<A>) {
    const Ints bits = bits_of(x), odd = and_ints(half_down(bits), broadcast_int(1));
    const Ints rounded = add_ints(add_ints(bits, broadcast_int(0x7fff)), odd);
    const Vec<A> number = floats_of(and_ints(rounded, broadcast_int(-0x10000)));
    store<A>(dst, xsimd::select(x == x, number, x));
  }
};

template <class A>
struct Short {
  using Type = int16_t;
  static constexpr int kZero = 0;
  INK_INLINE void put(int16_t* dst, Vec<A> x, Vec<A> factor) { store_shorts(dst, round_to_ints(x * factor)); }
};

// The largest magnitude, as its bits: those of an infinity and of a NaN are larger than those of any number.
template <class A>
INK_INLINE int32_t reduced_largest(const ReducedRowArgs& args) {
  const Ints magnitude = broadcast_int(0x7fffffff);
  Ints largest = zero_ints(), other = zero_ints();
  for (int i = 0; i < args.count; ++i) {
    const float* src = args.pieces[i].src;
    const int64_t count = src == nullptr ? 0 : args.pieces[i].count;
    int64_t j = 0;
    for (; j + 2 * kLanes<A> <= count; j += 2 * kLanes<A>) {
      largest = max_ints(largest, and_ints(load_ints(src + j), magnitude));
      other = max_ints(other, and_ints(load_ints(src + j + kLanes<A>), magnitude));
    }
    for (; j < count; j += kLanes<A>) {
      const int rest = count - j < kLanes<A> ? static_cast<int>(count - j) : kLanes<A>;
      largest = max_ints(largest, and_ints(bits_of(load_n<A>(src + j, rest)), magnitude));
    }
  }
  alignas(64) int32_t lanes[kLanes<A>];
  store_ints(lanes, max_ints(largest, other));
  int32_t result = 0;
  for (const int32_t lane : lanes) result = lane > result ? lane : result;
  return result;
}

template <class A, class Element>
INK_INLINE float reduced_integer_row(const ReducedRowArgs& args) {
  const int32_t bits = reduced_largest<A>(args);
  float largest;
  std::memcpy(&largest, &bits, sizeof(largest));
  const bool finite = bits < 0x7f800000;
  if (finite && largest >= kReducedLeast) {
    reduced_put_pieces<A, Element>(args, 127.0f / largest);
    return largest / 127.0f;
  }
  std::memset(args.dst, Element::kZero, static_cast<size_t>(args.groups) * 4);
  return finite ? 0.0f : __builtin_nanf("");
}

// --- Tiles. Product: Sum, add(sum, group of a row in all lanes, weights).

template <class A>
struct FloatProduct {
  using Sum = Vec<A>;
  INK_INLINE Sum load_sums(const void* src) { return load<A>(static_cast<const float*>(src)); }
  INK_INLINE void store_sums(void* dst, Sum sum) { store<A>(static_cast<float*>(dst), sum); }
  INK_INLINE Sum add(Sum sum, Ints row, Ints weights) {
    return fma<A>(floats_of(row), floats_of(weights), sum);
  }
};

struct IntProduct {
  using Sum = Ints;
  INK_INLINE Sum load_sums(const void* src) { return load_ints(src); }
  INK_INLINE void store_sums(void* dst, Sum sum) { store_ints(dst, sum); }
};

struct ShortProduct : IntProduct {
  INK_INLINE Sum add(Sum sum, Ints row, Ints weights) { return add_ints(sum, multiply_pairs(row, weights)); }
};

#if defined(__AVX512VNNI__)
// Four products, of an unsigned and a signed byte each, without saturation.
struct ByteProduct : IntProduct {
  INK_INLINE Sum add(Sum sum, Ints row, Ints weights) { return _mm512_dpbusd_epi32(sum, row, weights); }
};
#endif

#if defined(__AVX512BF16__)
struct PairProduct : FloatProduct<Arch> {
  INK_INLINE Sum add(Sum sum, Ints row, Ints weights) {
    __m512bh a, b;
    std::memcpy(&a, &row, sizeof(a));
    std::memcpy(&b, &weights, sizeof(b));
    return _mm512_dpbf16_ps(sum, a, b);
  }
};
#endif

// Rows are addressed as those of gemm_step() are, and panels asked for as far ahead.
template <class A, class Product, int M, int V>
static void reduced_tile_rows(const ReducedTileArgs& args) {
  constexpr int kWidth = V * kLanes<A>, kLine = 64, kAhead = M <= 4 ? 4096 : M <= 8 ? 2048 : 1024;
  typename Product::Sum sum[M][V];
  const auto* before = static_cast<const int32_t*>(args.sums);
  const int64_t before_step = args.add ? kWidth : 0;
  alignas(64) static constexpr int32_t kZeros[kWidth] = {};
  if (!args.add) before = args.start == nullptr ? kZeros : args.start;
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i, before += before_step) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = Product::load_sums(before + v * kLanes<A>);
  }
  const int64_t step = args.row_bytes;
  const std::byte* base[(M + 2) / 3];
#pragma GCC unroll 8
  for (int b = 0; b < (M + 2) / 3; ++b) base[b] = args.rows + 3 * b * step;
  const std::byte* panel = args.panel;
#pragma GCC unroll 2
  for (int64_t g = args.groups; g > 0; --g) {
    Ints w[V];
#pragma GCC unroll 4
    for (int j = 0; j < kWidth * 4; j += kLine) prefetch(reinterpret_cast<const float*>(panel + kAhead + j));
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) w[v] = load_ints(panel + v * kLanes<A> * 4);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
      int32_t group;
      std::memcpy(&group, base[i / 3] + i % 3 * step, sizeof(group));
      const Ints row = broadcast_int(group);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = Product::add(sum[i][v], row, w[v]);
    }
    panel += kWidth * 4;
#pragma GCC unroll 8
    for (int b = 0; b < (M + 2) / 3; ++b) base[b] += 4;
  }
  auto* after = static_cast<int32_t*>(args.sums);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i, after += kWidth) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) Product::store_sums(after + v * kLanes<A>, sum[i][v]);
  }
}

template <class A, class Product, int M>
INK_INLINE void reduced_tile(const ReducedTileArgs& args) {
  if constexpr (M > 1) {
    if (args.m < M) return reduced_tile<A, Product, M - 1>(args);
  }
  reduced_tile_rows<A, Product, M, 2>(args);
}

// --- What follows the sums.

template <class A>
INK_INLINE void reduced_finish(const ReducedFinishArgs& args) {
  const Vec<A> slope = broadcast<A>(args.epilogue.slope), zero = broadcast<A>(0.0f);
  const bool residual_first = args.epilogue.residual_first;
  for (int i = 0; i < args.m; ++i) {
    const auto* sums = static_cast<const int32_t*>(args.sums) + i * args.nr;
    float* dst = args.dst[i] + args.column;
    const float* residual = args.residual == nullptr ? nullptr : args.residual[i] + args.column;
    const Vec<A> row_scale = broadcast<A>(args.integers ? args.row_scales[i] : 1.0f);
    for (int j = 0; j < args.n; j += kLanes<A>) {
      const int count = args.n - j < kLanes<A> ? args.n - j : kLanes<A>;
      Vec<A> x = floats_of(load_ints(sums + j));
      if (args.integers) x = to_floats(load_ints(sums + j)) * (row_scale * load<A>(args.scales + j));
      x = x + load<A>(args.bias + j);
      const Vec<A> r = residual == nullptr ? zero : load_n<A>(residual + j, count);
      if (residual_first) x = x + r;
      x = activate<A>(x, args.epilogue.activation, slope);
      if (!residual_first) x = x + r;
      store_n<A>(dst + j, x, count);
    }
  }
}

}  // namespace ink::simd
