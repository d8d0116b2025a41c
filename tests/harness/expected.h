#pragma once

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "kernels/base/epilogue.h"
#include "tests/harness/test_map.h"

namespace ink::test {

// Half the distance from 1 to the next float: the largest relative error of one rounding.
inline constexpr double kRounding = 0x1p-24;

// What an op should give: each value of a map in double, and how far a float computation of everything up to
// it may lie away. Bounds grow from op to op, so that a whole graph is compared with one.
struct Expected {
  Shape shape{1, 1, 1, 1};
  std::vector<double> values, bounds;

  Expected() = default;
  explicit Expected(Shape map) : shape(map), values(map.size()), bounds(map.size()) {}
  // Values that are given, not computed.
  Expected(Shape map, std::span<const float> exact)
      : shape(map), values(exact.begin(), exact.end()), bounds(map.size()) {}

  size_t index(int image, int y, int x, int channel) const { return shape.index(image, y, x, channel); }
};

// act(value), act(value + residual) or act(value) + residual, as the epilogue says; residual may be nullptr.
Expected expect_epilogue(const Expected& sums, const Epilogue& epilogue, const Expected* residual);
Expected expect_activation(const Expected& src, Activation activation, float slope);

// Whether every value of a map without gaps lies within its bound. A NaN never does.
testing::AssertionResult matches(const Expected& want, std::span<const float> got);

}  // namespace ink::test
