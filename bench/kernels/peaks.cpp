#include "bench/kernels/peaks.h"

#include <algorithm>
#include <map>

#include "kernels/fma_peak/fma_peak.h"

namespace ink::bench {

double Peak::gflops() const {
  constexpr int kAttempts = 5;  // on a shared machine one measurement may meet a neighbour
  static std::map<Peak, double> measured;
  const auto [place, is_new] = measured.try_emplace(*this, 0);
  for (int attempt = 0; is_new && attempt < kAttempts; ++attempt)
    place->second = std::max(place->second, measure_fma_peak(isa, threads, precision) / 1e9);
  return place->second;
}

Peak peak_of(const Measurement& one, Isa limit) {
  const Isa isa = one.of->isa.value_or(limit);
  const Precision precision = one.of->precision;
  return {precision, precision == Precision::f32 ? float_isa(isa) : isa, one.threads};
}

std::set<Peak> peaks_of(const std::vector<Measurement>& measurements, Isa limit) {
  std::set<Peak> peaks;
  for (const Measurement& one : measurements) {
    if (one.of->flops > 0 && !one.wrong) peaks.insert(peak_of(one, limit));
  }
  return peaks;
}

}  // namespace ink::bench
