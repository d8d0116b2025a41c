#include <immintrin.h>

#include "kernels/fma_peak/fma_peak.h"

namespace ink {
namespace {

// Four sums hide the latency of a product.
template <bool kIntegers>
void tile_peak(const FmaPeakArgs& args) {
  constexpr int kTiles = 8, kRows = 16, kRowBytes = 64;
  struct alignas(64) Shape {
    uint8_t palette = 1, start = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  } shape;
  for (int index = 0; index < kTiles; ++index) {
    shape.row_bytes[index] = kRowBytes;
    shape.rows[index] = kRows;
  }
  __asm__ volatile("" ::: "memory");  // the intrinsic does not say that it reads the shape
  _tile_loadconfig(&shape);           // with zeros in every tile
  for (int64_t round = 0; round < args.rounds; ++round) {
    if constexpr (kIntegers) {
      _tile_dpbssd(0, 4, 6);
      _tile_dpbssd(1, 4, 7);
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  alignas(64) float sums[kRows * kRowBytes / sizeof(float)];
  _tile_stored(0, sums, kRowBytes);
  _tile_release();
  *args.sink = sums[0];
}

}  // namespace

void bf16_peak_amx(const FmaPeakArgs& args) { tile_peak<false>(args); }

void int8_peak_amx(const FmaPeakArgs& args) { tile_peak<true>(args); }

}  // namespace ink
