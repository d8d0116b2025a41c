#pragma once

#include <string>
#include <vector>

#include "bench/kernels/measure.h"

namespace ink::bench {

// How many times faster the best of ours is than a library, over all shapes of a family.
struct Comparison {
  std::string family, library;
  int threads = 1;
  int shapes = 0;
  double geometric_mean = 0, least = 0;
  std::string least_at;  // the kernel and shape
};

// By family, library and threads.
std::vector<Comparison> compare(const std::vector<Measurement>& measurements);

}  // namespace ink::bench
