#include "kernels/fma_peak/fma_peak.h"

#include <algorithm>
#include <chrono>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr int kChains = 12;

constexpr double kTileProduct = 2.0 * 16 * 16 * 32;  // of bf16; twice as many bytes fit into a tile
constexpr int64_t kTileRounds = 60'000;

constexpr FmaPeakVariant kF32[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "fma_peak_avx512", fma_peak_avx512, 2.0 * kChains * 16},
    {Isa::avx2, "fma_peak_avx2", fma_peak_avx2, 2.0 * kChains * 8},
    {Isa::sse42, "fma_peak_sse42", fma_peak_sse42, 2.0 * kChains * 4},
#endif
    {Isa::reference, "fma_peak_reference", fma_peak_reference, 2.0 * kChains},
};

// Sets without products of bf16 multiply rounded floats.
constexpr FmaPeakVariant kBf16[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::amx, "bf16_peak_amx", bf16_peak_amx, 4 * kTileProduct, kTileRounds},
    {Isa::avx512bf16, "bf16_peak_avx512bf16", bf16_peak_avx512bf16, 2.0 * kChains * 32},
    kF32[0],
    kF32[1],
    kF32[2],
    kF32[3],
#else
    kF32[0],
#endif
};

constexpr FmaPeakVariant kInt8[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::amx, "int8_peak_amx", int8_peak_amx, 4 * 2 * kTileProduct, kTileRounds},
    {Isa::avx512vnni, "int8_peak_avx512vnni", int8_peak_avx512vnni, 2.0 * kChains * 64},
    {Isa::avx512, "int8_peak_avx512", int8_peak_avx512, 2.0 * kChains * 32},
    {Isa::avx2, "int8_peak_avx2", int8_peak_avx2, 2.0 * kChains * 16},
    {Isa::sse42, "int8_peak_sse42", int8_peak_sse42, 2.0 * kChains * 8},
#endif
    {Isa::reference, "int8_peak_reference", int8_peak_reference, 2.0 * kChains},
};

}  // namespace

void fma_peak_reference(const FmaPeakArgs& args) {
  float sum[kChains] = {};
  for (int64_t round = 0; round < args.rounds; ++round) {
    for (float& chain : sum) chain = chain * 0.999f + 0.001f;
  }
  *args.sink = *std::max_element(sum, sum + kChains);
}

void int8_peak_reference(const FmaPeakArgs& args) {
  uint32_t sum[kChains] = {};
  for (int64_t round = 0; round < args.rounds; ++round) {
    for (uint32_t& chain : sum) chain = chain * 3 + 1;
  }
  *args.sink = static_cast<float>(*std::max_element(sum, sum + kChains));
}

std::span<const FmaPeakVariant> fma_peak_variants(Precision precision) {
  switch (precision) {
    case Precision::f32: break;
    case Precision::bf16: return kBf16;
    case Precision::int8: return kInt8;
  }
  return kF32;
}

double measure_fma_peak(Isa limit, int threads, Precision precision) {
  const auto variants = fma_peak_variants(precision);
  const FmaPeakVariant* chosen = &best_variant(variants, limit);
  if (chosen->isa == Isa::amx && !allow_tiles()) chosen = &best_variant(variants, Isa::avx512bf16);
  const FmaPeakVariant& variant = *chosen;
  constexpr int kRuns = 12;
  // A cache line a thread, so that the sinks do not meet.
  AlignedBuffer<float> sinks(static_cast<size_t>(threads) * kAlignment);
  double best = 0;
  with_workers(threads, [&] {
    for (int run = 0; run < kRuns; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      parallel_for(threads, threads, [&](int64_t task, int) {
        variant.run({variant.rounds, sinks.data() + static_cast<size_t>(task) * kAlignment});
      });
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      best = std::max(
          best, static_cast<double>(variant.rounds) * variant.flops_per_round * threads / seconds.count());
    }
  });
  return best;
}

}  // namespace ink
