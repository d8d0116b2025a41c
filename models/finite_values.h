#pragma once

#include <cmath>
#include <limits>
#include <span>

namespace ink {

// Whether no value is NaN or infinite. Looks at all of them, which vectorises.
inline bool all_finite(std::span<const float> values) {
  bool good = true;
  for (const float value : values) good &= std::abs(value) <= std::numeric_limits<float>::max();
  return good;
}

}  // namespace ink
