#pragma once

#include <string>

#include "kernels/base/result.h"

namespace ink::cli {

// GFLOP/s of float32 multiply-adds from registers, on `threads` threads with the chosen instruction set.
Result<double> measure_peak(int threads);

// GB/s as kernels/bandwidth measures them.
struct Bandwidths {
  double memory = 0, second_level_cache = 0;

  static Bandwidths measure(int threads);
  // An object for programs.
  std::string json() const;
};

}  // namespace ink::cli
