#pragma once

#include <string>

#include "apps/cli/common.h"
#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"

namespace ink::cli {

// As given.
struct BenchModelFlags {
  std::string size, batch = "1", tokens, rounds = "7", result;
  bool layers = false;
};

// The usage errors that need no model.
Status check(const BenchModelFlags& flags, const Common& common);

// Latency and throughput of a network for every batch size and, of those, every number of threads;
// --batch-size and --threads may be lists.
Result<int> run_bench_model(const LoadedModel& loaded, const BenchModelFlags& flags, const Common& common);

}  // namespace ink::cli
