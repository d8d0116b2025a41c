#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/precision.h"

namespace ink {

// A loop of independent multiply-adds on registers: what the arithmetic units give at best, which benchmarks
// are measured against. For reduced precision they are those that its products are made of
// (kernels/reduced).
struct FmaPeakArgs {
  int64_t rounds;
  float* sink;  // takes one value, so that the work is not removed
};

using FmaPeakKernel = void(const FmaPeakArgs&);
FmaPeakKernel fma_peak_reference, fma_peak_sse42, fma_peak_avx2, fma_peak_avx512;
FmaPeakKernel bf16_peak_avx512bf16, bf16_peak_amx;
FmaPeakKernel int8_peak_reference, int8_peak_sse42, int8_peak_avx2, int8_peak_avx512, int8_peak_avx512vnni,
    int8_peak_amx;

struct FmaPeakVariant {
  Isa isa;
  const char* name;
  FmaPeakKernel* run;
  double flops_per_round;      // a multiply-add being two, of integers too
  int64_t rounds = 2'000'000;  // a few milliseconds
};

// Best first, reference last.
std::span<const FmaPeakVariant> fma_peak_variants(Precision precision = Precision::f32);

// FLOP/s that `threads` threads reach together, the best of several short runs.
double measure_fma_peak(Isa limit, int threads, Precision precision = Precision::f32);

}  // namespace ink
