#pragma once

#include <string>

#include "apps/cli/common.h"
#include "kernels/base/result.h"

namespace ink::cli {

// As given; what they mean is checked by the program that measures.
struct KernelBenchFlags {
  std::string filter, isa = "best", threads, rounds = "5", seconds = "0.05", format = "md";
  bool list = false;
};

// Becomes inkstone-bench-kernels, which lies beside the command. Returns only with an Error: usage, where
// there is none.
Result<int> run_kernel_bench(const KernelBenchFlags& flags, const Common& common);

}  // namespace ink::cli
