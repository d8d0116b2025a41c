#pragma once

#include <cstddef>
#include <vector>

#include "kernels/base/result.h"
#include "models/image/preprocess.h"
#include "models/image/resample.h"

namespace ink {

// One axis of a resize of floats: output o (of those wanted) is the sum of weights[begin + i] *
// src[first + i]. In Step::mix there are at most two inputs, and the sum is a + (b - a) * weight of the
// second.
struct FloatTap {
  int first, count;
  size_t begin;
};
struct FloatTaps {
  enum class Step { sum, mix };

  std::vector<FloatTap> at;
  std::vector<float> weights;
  int most = 0;  // inputs of an output
  Step step = Step::sum;
};

// As TensorFlow or torchvision place and weigh the inputs. Error (model): the library has no such filter.
Result<FloatTaps> float_taps(const ResizeAxis& axis, Resizer resizer, ResizeFilter filter, bool antialias);

// The middle of `out` samples lies on the middle of `in`; outside, the first and last sample go on.
FloatTaps centred_taps(int in, int out);

}  // namespace ink
