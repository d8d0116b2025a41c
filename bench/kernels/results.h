#pragma once

#include <string>
#include <vector>

#include "bench/kernels/measure.h"

namespace ink::bench {

// All measurements as the options' format asks, with the machine they come from and the peaks that they are
// shares of.
std::string results_text(const std::vector<Measurement>& measurements, const Options& options);

}  // namespace ink::bench
