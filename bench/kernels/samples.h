#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/base/aligned_buffer.h"

namespace ink::bench {

// Of sums of order 1: rounding stays below 1e-5, a wrong tap shows at 1e-2.
constexpr double kSumTolerance = 1e-4;

// Values in [-1, 1) / sqrt(fan_in) that repeat after a period no kernel's step divides.
inline AlignedBuffer<float> sample_buffer(int64_t size, int fan_in) {
  AlignedBuffer<float> values(static_cast<size_t>(size));
  const double scale = 1 / std::sqrt(static_cast<double>(fan_in));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((static_cast<double>(i * 7919 % 10007) / 5003.5 - 1) * scale);
  }
  return values;
}

}  // namespace ink::bench
