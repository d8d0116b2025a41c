#include <immintrin.h>

#include <cstring>

#include "kernels/reduced/reduced_tile.h"

namespace ink {
namespace {

// A tile register holds 16 rows of 64 bytes. Sums are 2 x 2 of them, so that each that is loaded serves two
// products:  0 1  from rows 4  and weights 6 7.
//            2 3            5
constexpr int kRows = 16, kRowBytes = 64, kStep = 16;  // kStep: groups a product
constexpr int kPanelBytes = 2 * kRowBytes;

struct alignas(64) Shape {
  uint8_t palette = 1, start = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  void set(int index, int count) {
    row_bytes[index] = kRowBytes;
    rows[index] = static_cast<uint8_t>(count);
  }
};

template <bool kIntegers, bool kTwo>
void add_products(const ReducedTileArgs& args) {
  const std::byte *rows = args.rows, *panel = args.panel;
  for (int64_t g = 0; g < args.groups; g += kStep) {
    _tile_loadd(4, rows, args.row_bytes);
    _tile_loadd(6, panel, kPanelBytes);
    _tile_loadd(7, panel + kRowBytes, kPanelBytes);
    if constexpr (kTwo) _tile_loadd(5, rows + kRows * args.row_bytes, args.row_bytes);
    if constexpr (kIntegers) {
      _tile_dpbssd(0, 4, 6);
      _tile_dpbssd(1, 4, 7);
      if constexpr (kTwo) {
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
      }
    } else {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      if constexpr (kTwo) {
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
    }
    rows += kRowBytes;
    panel += kStep * kPanelBytes;
  }
}

// The intrinsics do not say what they read: without this the compiler may write it afterwards.
inline __attribute__((always_inline)) void settle_memory() { __asm__ volatile("" ::: "memory"); }

template <bool kIntegers>
inline __attribute__((always_inline)) void tile(const ReducedTileArgs& args) {
  const bool two = args.m > kRows;
  const int first = two ? kRows : args.m, second = args.m - first;
  Shape shape;
  for (int index = 0; index < 8; ++index) {
    const bool is_lower = index == 2 || index == 3 || index == 5;
    shape.set(index, index >= 6 ? kRows : !is_lower ? first : two ? second : 1);
  }
  auto* sums = static_cast<std::byte*>(args.sums);
  std::byte* lower = sums + kRows * kPanelBytes;
  settle_memory();
  _tile_loadconfig(&shape);
  // The shape that is loaded has zeros in every tile.
  if (args.add) {
    _tile_loadd(0, sums, kPanelBytes);
    _tile_loadd(1, sums + kRowBytes, kPanelBytes);
    if (two) {
      _tile_loadd(2, lower, kPanelBytes);
      _tile_loadd(3, lower + kRowBytes, kPanelBytes);
    }
  }
  if (two) {
    add_products<kIntegers, true>(args);
    _tile_stored(2, lower, kPanelBytes);
    _tile_stored(3, lower + kRowBytes, kPanelBytes);
  } else {
    add_products<kIntegers, false>(args);
  }
  _tile_stored(0, sums, kPanelBytes);
  _tile_stored(1, sums + kRowBytes, kPanelBytes);
  _tile_release();
}

}  // namespace

void reduced_tile_bf16_amx(const ReducedTileArgs& args) { tile<false>(args); }

void reduced_tile_int8_amx(const ReducedTileArgs& args) { tile<true>(args); }

}  // namespace ink
