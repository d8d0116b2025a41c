#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/gemm/gemm_tile.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ink {
namespace {

template <class T>
T element(const unsigned char* src, int64_t index) {
  T value;
  std::memcpy(&value, src + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <class T>
void pack_any(const GemmPackArgs& args, int first_k, int last_k, int first_n) {
  const auto* src = static_cast<const unsigned char*>(args.src);
  for (int kk = first_k; kk < last_k; ++kk) {
    T* dst = static_cast<T*>(args.dst) + static_cast<int64_t>(kk) * args.dst_step;
    for (int j = first_n; j < args.n; ++j) dst[j] = element<T>(src, kk * args.k_stride + j * args.n_stride);
  }
}

#if defined(__SSE2__)
__m128i load(const unsigned char* src) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(src)); }
template <class T>
void store(T* dst, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), value);
}

// A square of 16 bytes a side: rows src + j * step become columns.
struct Floats {
  using Type = uint32_t;
  static constexpr int kSide = 4;

  static void transpose(const unsigned char* src, int64_t step, Type* dst, int dst_step) {
    const __m128i a = load(src), b = load(src + step), c = load(src + 2 * step), d = load(src + 3 * step);
    const __m128i ab0 = _mm_unpacklo_epi32(a, b), ab1 = _mm_unpackhi_epi32(a, b);
    const __m128i cd0 = _mm_unpacklo_epi32(c, d), cd1 = _mm_unpackhi_epi32(c, d);
    store(dst, _mm_unpacklo_epi64(ab0, cd0));
    store(dst + dst_step, _mm_unpackhi_epi64(ab0, cd0));
    store(dst + 2 * dst_step, _mm_unpacklo_epi64(ab1, cd1));
    store(dst + 3 * dst_step, _mm_unpackhi_epi64(ab1, cd1));
  }
};

struct Halves {
  using Type = uint16_t;
  static constexpr int kSide = 8;

  static void transpose(const unsigned char* src, int64_t step, Type* dst, int dst_step) {
    __m128i rows[8], pairs[8], quads[8];
    for (int j = 0; j < 8; ++j) rows[j] = load(src + j * step);
    for (int j = 0; j < 4; ++j) {
      pairs[2 * j] = _mm_unpacklo_epi16(rows[2 * j], rows[2 * j + 1]);
      pairs[2 * j + 1] = _mm_unpackhi_epi16(rows[2 * j], rows[2 * j + 1]);
    }
    for (int j = 0; j < 2; ++j) {
      for (int half = 0; half < 2; ++half) {
        quads[4 * j + 2 * half] = _mm_unpacklo_epi32(pairs[4 * j + half], pairs[4 * j + 2 + half]);
        quads[4 * j + 2 * half + 1] = _mm_unpackhi_epi32(pairs[4 * j + half], pairs[4 * j + 2 + half]);
      }
    }
    for (int i = 0; i < 4; ++i) {
      store(dst + 2 * i * dst_step, _mm_unpacklo_epi64(quads[i], quads[4 + i]));
      store(dst + (2 * i + 1) * dst_step, _mm_unpackhi_epi64(quads[i], quads[4 + i]));
    }
  }
};

// k runs fastest in memory: a cache line of each row is read whole before the next one is touched, since rows
// that lie a power of two apart share a set of the cache.
template <class Square>
void pack_transposed(const GemmPackArgs& args) {
  using T = typename Square::Type;
  constexpr int kSide = Square::kSide, kLine = 64 / static_cast<int>(sizeof(T));
  const auto* src = static_cast<const unsigned char*>(args.src);
  T* dst = static_cast<T*>(args.dst);
  const int64_t step = args.n_stride * static_cast<int64_t>(sizeof(T));
  const int whole_n = args.n < kSide ? 0 : args.n, whole_k = args.k / kSide * kSide;
  for (int line = 0; line < whole_k; line += kLine) {
    const int end = std::min(whole_k, line + kLine);
    // The last square overlaps the one before where n is not a multiple of its side.
    for (int next = 0; next < whole_n; next += kSide) {
      const int j = std::min(next, args.n - kSide);
      for (int kk = line; kk < end; kk += kSide) {
        Square::transpose(src + j * step + kk * static_cast<int64_t>(sizeof(T)), step,
                          dst + static_cast<int64_t>(kk) * args.dst_step + j, args.dst_step);
      }
    }
  }
  pack_any<T>(args, 0, whole_k, whole_n);
  pack_any<T>(args, whole_k, args.k, 0);
}
#else
struct Floats {
  using Type = uint32_t;
};
struct Halves {
  using Type = uint16_t;
};
template <class Square>
void pack_transposed(const GemmPackArgs& args) {
  pack_any<typename Square::Type>(args, 0, args.k, 0);
}
#endif

bool any_non_finite(const GemmPackArgs& args) {
  const auto* src = static_cast<const unsigned char*>(args.src);
  const bool deep = args.k_stride == 1;
  uint32_t found = 0;
  for (int outer = 0; outer < (deep ? args.n : args.k); ++outer) {
    const int64_t first = outer * (deep ? args.n_stride : args.k_stride), step = deep ? 1 : args.n_stride;
    // A finite number less itself is 0, and no other is.
    for (int i = 0; i < (deep ? args.k : args.n); ++i) {
      const float value = element<float>(src, first + i * step);
      found |= std::bit_cast<uint32_t>(value - value);
    }
  }
  return found != 0;
}

void pack_scaled(const GemmPackArgs& args) {
  const auto* src = static_cast<const unsigned char*>(args.src);
  for (int kk = 0; kk < args.k; ++kk) {
    const int64_t row = args.rows == nullptr ? kk : args.rows[kk];
    float* dst = static_cast<float*>(args.dst) + row * args.dst_step;
    for (int j = 0; j < args.n; ++j) {
      const float value = element<float>(src, kk * args.k_stride + j * args.n_stride);
      dst[j] = args.factors == nullptr ? value : static_cast<float>(value * args.factors[j]);
    }
  }
}

template <class Square>
void pack(const GemmPackArgs& args) {
  using T = typename Square::Type;
  if (args.k_stride == 1) return pack_transposed<Square>(args);
  if (args.n_stride != 1) return pack_any<T>(args, 0, args.k, 0);
  for (int kk = 0; kk < args.k; ++kk) {
    std::memcpy(
        static_cast<T*>(args.dst) + static_cast<int64_t>(kk) * args.dst_step,
        static_cast<const unsigned char*>(args.src) + kk * args.k_stride * static_cast<int64_t>(sizeof(T)),
        static_cast<size_t>(args.n) * sizeof(T));
  }
}

}  // namespace

void gemm_pack_floats(const GemmPackArgs& args) { pack<Floats>(args); }

bool gemm_pack_reference(const GemmPackArgs& args) {
  if (args.factors == nullptr && args.rows == nullptr) {
    pack<Floats>(args);
  } else {
    pack_scaled(args);
  }
  return any_non_finite(args);
}

void gemm_pack_halves(const GemmPackArgs& args) { pack<Halves>(args); }

}  // namespace ink
