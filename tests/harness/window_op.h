#pragma once

#include <functional>
#include <vector>

#include "kernels/conv/conv.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/expected.h"

namespace ink::test {

// A convolution of some kind on given maps, to be run in many arrangements.
struct WindowOp {
  Shape src_shape, dst_shape;
  std::vector<float> src;
  std::vector<float> residual;  // of dst's shape, or empty
  // The part of src that a region of dst needs; empty where that is nothing.
  std::function<Rect(Rect region)> source;
  std::function<size_t(int threads)> scratch_floats;
  std::function<void(View<const float> src, View<float> dst, View<const float> residual, Rect region,
                     int threads, float* scratch)>
      run;
};

// Runs the op on dense maps on one thread, expects `want`, and then those bits in every step-th arrangement
// from `first` on: crops, slices of channels, regions, parts of maps, threads, guard pages, scratch full of
// NaN.
void expect_everywhere(const WindowOp& op, const Expected& want, size_t first, size_t step);

// [begin, end) cut to an axis, or nothing as [0, 0).
struct Span1d {
  int begin, end;
};
Span1d cut_to_axis(int begin, int end, int size);

// What a region of a convolution's output reads of src; empty where it reads padding alone.
Rect conv_source(const ConvParams& params, Shape src, Rect region);

}  // namespace ink::test
