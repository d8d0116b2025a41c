#include "kernels/fma_peak/fma_peak.h"

#include <algorithm>
#include <chrono>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr int kChains = 12;

constexpr FmaPeakVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "fma_peak_avx512", fma_peak_avx512, 2.0 * kChains * 16},
    {Isa::avx2, "fma_peak_avx2", fma_peak_avx2, 2.0 * kChains * 8},
    {Isa::sse42, "fma_peak_sse42", fma_peak_sse42, 2.0 * kChains * 4},
#endif
    {Isa::reference, "fma_peak_reference", fma_peak_reference, 2.0 * kChains},
};

}  // namespace

void fma_peak_reference(const FmaPeakArgs& args) {
  float sum[kChains] = {};
  for (int64_t round = 0; round < args.rounds; ++round) {
    for (float& chain : sum) chain = chain * 0.999f + 0.001f;
  }
  *args.sink = *std::max_element(sum, sum + kChains);
}

std::span<const FmaPeakVariant> fma_peak_variants() { return kVariants; }

double measure_fma_peak(Isa limit, int threads) {
  const FmaPeakVariant& variant = best_variant(fma_peak_variants(), limit);
  constexpr int64_t kRounds = 2'000'000;
  constexpr int kRuns = 12;
  // A cache line a thread, so that the sinks do not meet.
  AlignedBuffer<float> sinks(static_cast<size_t>(threads) * kAlignment);
  double best = 0;
  with_workers(threads, [&] {
    for (int run = 0; run < kRuns; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      parallel_for(threads, threads, [&](int64_t task, int) {
        variant.run({kRounds, sinks.data() + static_cast<size_t>(task) * kAlignment});
      });
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      best =
          std::max(best, static_cast<double>(kRounds) * variant.flops_per_round * threads / seconds.count());
    }
  });
  return best;
}

}  // namespace ink
