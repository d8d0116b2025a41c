#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/kernels/cases.h"
#include "bench/kernels/options.h"

namespace ink::bench {

// What one variant took on one shape with so many threads.
struct Measurement {
  const Case* of = nullptr;
  int threads = 1;
  std::vector<double> seconds;  // a value a round, sorted
  bool wrong = false;           // its result differs from the reference: it was not timed

  double median() const { return seconds[seconds.size() / 2]; }
  double spread() const { return (seconds.back() - seconds.front()) / median(); }
};

// The cases that the options name, those of one kernel and shape beside each other, in the order of cases().
std::vector<std::vector<const Case*>> chosen_groups(const Options& options);

// Checks the variants of a group against the reference, then times them in turns.
std::vector<Measurement> measure_group(const std::vector<const Case*>& group, int threads,
                                       const Options& options);

}  // namespace ink::bench
