#include "apps/cli/peak.h"

#include "kernels/fma_peak/fma_peak.h"

namespace ink::cli {

Result<double> measure_peak(int threads) { return measure_fma_peak(active_isa(), threads) / 1e9; }

}  // namespace ink::cli
