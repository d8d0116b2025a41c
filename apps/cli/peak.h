#pragma once

#include "kernels/base/result.h"

namespace ink::cli {

// GFLOP/s of float32 multiply-adds from registers, on `threads` threads with the chosen instruction set.
Result<double> measure_peak(int threads);

}  // namespace ink::cli
