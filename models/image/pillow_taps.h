#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/image/resample.h"

namespace ink {

// The inputs [first, first + count) of one output and where their weights start.
struct Tap {
  int first, count;
  size_t weights;
};

template <class Weight>
struct Taps {
  std::vector<Tap> at;  // of the outputs that are wanted
  std::vector<Weight> weights;
  int most = 0;  // of a tap
};

// Weights of a filter in double, not rounded.
Taps<double> pillow_taps(const ResizeAxis& axis, ResizeFilter filter);

// Rounded to kPillowFractionBits, half away from zero.
constexpr int kPillowFractionBits = 22;  // 32 less 8 of the sample and 2 of head-room
Taps<int> rounded_taps(const Taps<double>& exact);

// The same weights as w = 256 * high + low with 0 <= low < 256, each tap filled up with zeros to a multiple
// of kLanes: products of 16 bits add up exactly in 32. Empty where a weight does not fit.
struct SplitTaps {
  static constexpr int kLanes = 8;

  std::vector<Tap> at;  // count is a multiple of kLanes, and may reach beyond the last input
  std::vector<int16_t> high, low;
};
SplitTaps split_taps(const Taps<int>& taps);

// Where Pillow's nearest looks for each wanted output.
std::vector<int> pillow_nearest(const ResizeAxis& axis);

}  // namespace ink
