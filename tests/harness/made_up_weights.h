#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ink::test {

// Element i of the tensor `name` of made-up checkpoints, the same as in tests/reference/made_up_weights.py:
// no state runs through it, so any tensor can be made alone.
//   x = splitmix64((fnv1a64(name) ^ seed) + i),   u = (x >> 40) / 2^23 - 1   in [-1, 1)
// A weight of two and more axes is gain * u / sqrt(fan_in), a vector is u, and of the vectors those that
// multiply or divide (a batch norm's scale and variance) are 1 + u / 2. `name` is as released, without Keras'
// ":0"; Keras' names have a slash, and its kernels the output channels last.
std::vector<float> made_up_weights(std::string_view name, std::span<const int64_t> shape, double gain = 1.7,
                                   uint64_t seed = 1);

// Pictures (n, h, w, 3) with values in [low, high): squares of 8 pixels and, a quarter of the range, noise.
std::vector<float> made_up_pictures(const std::string& name, int n, int h, int w, double low, double high);

}  // namespace ink::test
