#pragma once

#include <string>
#include <vector>

#include "bench/kernels/measure.h"

namespace ink::bench {

// All measurements as the format asks, with the machine they come from. Shares of the peak are those of the
// strongest instruction set, measured in this run on as many threads.
std::string results_text(const std::vector<Measurement>& measurements, Format format);

}  // namespace ink::bench
