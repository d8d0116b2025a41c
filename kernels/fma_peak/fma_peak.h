#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"

namespace ink {

// A loop of independent multiply-adds on registers: what the arithmetic units give at best, which benchmarks
// are measured against.
struct FmaPeakArgs {
  int64_t rounds;
  float* sink;  // takes one value, so that the work is not removed
};

using FmaPeakKernel = void(const FmaPeakArgs&);
FmaPeakKernel fma_peak_reference, fma_peak_sse42, fma_peak_avx2, fma_peak_avx512;

struct FmaPeakVariant {
  Isa isa;
  const char* name;
  FmaPeakKernel* run;
  double flops_per_round;
};

// Best first, reference last.
std::span<const FmaPeakVariant> fma_peak_variants();

// fp32 FLOP/s that `threads` threads reach together, the best of several short runs.
double measure_fma_peak(Isa limit, int threads);

}  // namespace ink
