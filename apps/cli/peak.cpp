#include "apps/cli/peak.h"

#include "apps/cli/text.h"
#include "kernels/bandwidth/bandwidth.h"
#include "kernels/fma_peak/fma_peak.h"

namespace ink::cli {

Result<double> measure_peak(int threads) { return measure_fma_peak(active_isa(), threads) / 1e9; }

Bandwidths Bandwidths::measure(int threads) {
  const auto of = [&](Storage storage) { return measure_bandwidth(active_isa(), threads, storage) / 1e9; };
  return {of(Storage::memory), of(Storage::second_level_cache)};
}

std::string Bandwidths::json() const {
  return JsonObject().number("memory", memory).number("second_level_cache", second_level_cache).str();
}

}  // namespace ink::cli
