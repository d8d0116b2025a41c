#pragma once

#include <compare>
#include <set>

#include "bench/kernels/measure.h"
#include "kernels/base/precision.h"

namespace ink::bench {

// What the multiply-adds of one precision, with the instructions of one set, reach at best on so many
// threads.
struct Peak {
  Precision precision = Precision::f32;
  Isa isa = Isa::reference;
  int threads = 1;

  auto operator<=>(const Peak&) const = default;
  // Measured once.
  double gflops() const;
};

// That a measurement is a share of: of its own set, or for another library of `limit`.
Peak peak_of(const Measurement& one, Isa limit);
// Those that the measurements have work for.
std::set<Peak> peaks_of(const std::vector<Measurement>& measurements, Isa limit);

}  // namespace ink::bench
