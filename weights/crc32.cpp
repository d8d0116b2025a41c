#include "weights/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ink {
namespace {

uint32_t crc32_plain(uint32_t crc, std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

#if defined(__x86_64__)
// Ahead of 16 bytes go others: their remainder after 16 and 64 bytes more, in two halves of 64 bits that are
// multiplied by x^(8 n + 64) and x^(8 n) modulo the polynomial, both reflected.
constexpr uint64_t reflected_power(int exponent) {
  uint32_t value = 0x80000000u;  // 1
  for (int i = 0; i < exponent; ++i) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
  // The product of two reflected numbers is one bit short.
  return uint64_t{value} << 1;
}

constexpr size_t kBlock = 64;

struct Fold {
  uint64_t low, high;
};
constexpr Fold fold_by(int bytes) {
  return {reflected_power(8 * bytes + 32), reflected_power(8 * bytes - 32)};
}

__attribute__((target("pclmul,sse4.1"))) __m128i fold(__m128i value, __m128i powers, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(value, powers, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, powers, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// Whole blocks, one at least: `rest` gets 16 bytes that leave the remainder that those blocks leave, after
// `crc`.
__attribute__((target("pclmul,sse4.1"))) void fold_blocks(uint32_t crc, const std::byte* data, size_t blocks,
                                                          std::byte (&rest)[16]) {
  constexpr Fold kFar = fold_by(64), kNear = fold_by(16);
  const auto load = [&](size_t block, int quarter) __attribute__((target("pclmul,sse4.1"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + block * kBlock) + quarter);
  };
  const __m128i far = _mm_set_epi64x(static_cast<int64_t>(kFar.high), static_cast<int64_t>(kFar.low));
  const __m128i near = _mm_set_epi64x(static_cast<int64_t>(kNear.high), static_cast<int64_t>(kNear.low));
  __m128i a = _mm_xor_si128(load(0, 0), _mm_cvtsi32_si128(static_cast<int>(crc))), b = load(0, 1),
          c = load(0, 2), d = load(0, 3);
  for (size_t block = 1; block < blocks; ++block) {
    a = fold(a, far, load(block, 0));
    b = fold(b, far, load(block, 1));
    c = fold(c, far, load(block, 2));
    d = fold(d, far, load(block, 3));
  }
  a = fold(fold(fold(a, near, b), near, c), near, d);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), a);
}
#endif

}  // namespace

uint32_t crc32_of(std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  // Some eight times faster than zlib, which would take longer than the rest of reading a model.
  if (bytes.size() >= 4 * kBlock && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    const size_t blocks = bytes.size() / kBlock;
    std::byte rest[16];
    fold_blocks(~uint32_t{0}, bytes.data(), blocks, rest);
    // zlib begins and ends with all bits turned.
    return crc32_plain(crc32_plain(~uint32_t{0}, rest), bytes.subspan(blocks * kBlock));
  }
#endif
  return crc32_plain(0, bytes);
}

}  // namespace ink
