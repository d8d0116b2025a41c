#include "kernels/reduced/reduced.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr ReducedVariant kBf16[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::amx, "bf16_amx", Precision::bf16, reduced_row_bf16_avx512bf16, reduced_row_bf16_avx512bf16,
     reduced_tile_bf16_amx, reduced_finish_avx512, 32, 32, 2, 16, 256},
    {Isa::avx512bf16, "bf16_avx512bf16", Precision::bf16, reduced_row_bf16_avx512bf16,
     reduced_row_bf16_avx512bf16, reduced_tile_bf16_avx512bf16, reduced_finish_avx512, 14, 32, 2, 1, 256},
    {Isa::avx512, "bf16_avx512", Precision::bf16, reduced_row_f32_avx512, reduced_row_f32_avx512,
     reduced_tile_f32_avx512, reduced_finish_avx512, 14, 32, 1, 1, 256},
    {Isa::avx2, "bf16_avx2", Precision::bf16, reduced_row_f32_avx2, reduced_row_f32_avx2,
     reduced_tile_f32_avx2, reduced_finish_avx2, 6, 16, 1, 1, 256},
    {Isa::sse42, "bf16_sse42", Precision::bf16, reduced_row_f32_sse42, reduced_row_f32_sse42,
     reduced_tile_f32_sse42, reduced_finish_sse42, 6, 8, 1, 1, 256},
#endif
    {Isa::reference, "bf16_reference", Precision::bf16, reduced_row_f32_reference, reduced_row_f32_reference,
     reduced_tile_f32_reference, reduced_finish_reference, 4, 8, 1, 1, 0},
};

constexpr ReducedVariant kInt8[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::amx, "int8_amx", Precision::int8, reduced_row_s8_avx512vnni, reduced_row_s8_avx512vnni,
     reduced_tile_int8_amx, reduced_finish_avx512, 32, 32, 4, 16, 256},
    {Isa::avx512vnni, "int8_avx512vnni", Precision::int8, reduced_row_u8_avx512vnni,
     reduced_row_s8_avx512vnni, reduced_tile_int8_avx512vnni, reduced_finish_avx512, 14, 32, 4, 1, 256, 128},
    {Isa::avx512, "int8_avx512", Precision::int8, reduced_row_s16_avx512, reduced_row_s16_avx512,
     reduced_tile_s16_avx512, reduced_finish_avx512, 14, 32, 2, 1, 256},
    {Isa::avx2, "int8_avx2", Precision::int8, reduced_row_s16_avx2, reduced_row_s16_avx2,
     reduced_tile_s16_avx2, reduced_finish_avx2, 6, 16, 2, 1, 256},
    {Isa::sse42, "int8_sse42", Precision::int8, reduced_row_s16_sse42, reduced_row_s16_sse42,
     reduced_tile_s16_sse42, reduced_finish_sse42, 6, 8, 2, 1, 256},
#endif
    {Isa::reference, "int8_reference", Precision::int8, reduced_row_s16_reference, reduced_row_s16_reference,
     reduced_tile_s16_reference, reduced_finish_reference, 4, 8, 2, 1, 0},
};

// Calls put(x) for every float of the row, in order.
template <class Put>
void each_float(const ReducedRowArgs& args, Put put) {
  for (int i = 0; i < args.count; ++i) {
    const ReducedPiece& piece = args.pieces[i];
    for (int64_t j = 0; j < piece.count; ++j) put(piece.src == nullptr ? 0.0f : piece.src[j]);
  }
}

float rounded_to_bf16(float x) {
  if (std::isnan(x)) return x;
  const auto bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u);
}

}  // namespace

float reduced_row_f32_reference(const ReducedRowArgs& args) {
  auto* dst = static_cast<float*>(args.dst);
  float* const end = dst + args.groups;
  each_float(args, [&](float x) { *dst++ = rounded_to_bf16(x); });
  std::fill(dst, end, 0.0f);
  return 1.0f;
}

float reduced_row_s16_reference(const ReducedRowArgs& args) {
  auto* dst = static_cast<int16_t*>(args.dst);
  int16_t* const end = dst + 2 * args.groups;
  bool finite = true;
  float largest = 0;
  each_float(args, [&](float x) {
    finite = finite && std::isfinite(x);
    largest = std::max(largest, std::abs(x));
  });
  const float factor = finite && largest >= kReducedLeast ? 127.0f / largest : 0.0f;
  each_float(args, [&](float x) {
    *dst++ = factor == 0 ? int16_t{0} : static_cast<int16_t>(std::nearbyint(x * factor));
  });
  std::fill(dst, end, int16_t{0});
  if (!finite) return std::numeric_limits<float>::quiet_NaN();
  return factor == 0 ? 0.0f : largest / 127.0f;
}

void reduced_tile_f32_reference(const ReducedTileArgs& args) {
  constexpr int kWidth = 8;
  const auto* panel = reinterpret_cast<const float*>(args.panel);
  auto* sums = static_cast<float*>(args.sums);
  for (int i = 0; i < args.m; ++i, sums += kWidth) {
    const auto* row = reinterpret_cast<const float*>(args.rows + i * args.row_bytes);
    for (int j = 0; j < kWidth; ++j) {
      double sum = args.add ? sums[j] : 0.0;
      for (int64_t g = 0; g < args.groups; ++g) sum += static_cast<double>(row[g]) * panel[g * kWidth + j];
      sums[j] = static_cast<float>(sum);
    }
  }
}

void reduced_tile_s16_reference(const ReducedTileArgs& args) {
  constexpr int kWidth = 8;
  const auto* panel = reinterpret_cast<const int16_t*>(args.panel);
  auto* sums = static_cast<int32_t*>(args.sums);
  for (int i = 0; i < args.m; ++i, sums += kWidth) {
    const auto* row = reinterpret_cast<const int16_t*>(args.rows + i * args.row_bytes);
    for (int j = 0; j < kWidth; ++j) {
      int32_t sum = args.add ? sums[j] : args.start == nullptr ? 0 : args.start[j];
      for (int64_t g = 0; g < args.groups; ++g) {
        const int16_t* weights = panel + (g * kWidth + j) * 2;
        sum += row[2 * g] * weights[0] + row[2 * g + 1] * weights[1];
      }
      sums[j] = sum;
    }
  }
}

void reduced_finish_reference(const ReducedFinishArgs& args) {
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < args.n; ++j) {
      const auto index = static_cast<size_t>(i * args.nr + j);
      float value = args.integers ? static_cast<float>(static_cast<const int32_t*>(args.sums)[index]) *
                                        (args.row_scales[i] * args.scales[j])
                                  : static_cast<const float*>(args.sums)[index];
      value += args.bias[j];
      const float residual = args.residual == nullptr ? 0.0f : args.residual[i][args.column + j];
      args.dst[i][args.column + j] = finish(value, residual, args.epilogue);
    }
  }
}

std::span<const ReducedVariant> bf16_variants() { return kBf16; }

std::span<const ReducedVariant> int8_variants() { return kInt8; }

const ReducedVariant& choose_reduced(Precision precision, Isa limit) {
  INK_CHECK(precision != Precision::f32);
  const auto variants = precision == Precision::bf16 ? bf16_variants() : int8_variants();
  const ReducedVariant& best = best_variant(variants, limit);
  if (best.isa != Isa::amx || allow_tiles()) return best;
  return best_variant(variants, Isa::avx512bf16);
}

}  // namespace ink
