#include "tests/harness/made_up_weights.h"

#include <cmath>

namespace ink::test {

namespace {

uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

uint64_t splitmix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

double unit(uint64_t start, uint64_t i) {
  return static_cast<double>(splitmix64(start + i) >> 40) / static_cast<double>(1 << 23) - 1;
}

bool multiplies(std::string_view name) {
  for (const std::string_view end : {"gamma", "variance", "running_var", "weight"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

double fan_in(std::string_view name, std::span<const int64_t> shape) {
  const bool keras = name.find('/') != std::string_view::npos;
  const bool depthwise = name.ends_with("depthwise_kernel");
  double product = 1;
  for (const int64_t size : shape) product *= static_cast<double>(size);
  if (!keras) return product / static_cast<double>(shape.front());
  if (depthwise) return static_cast<double>(shape[0] * shape[1]);
  return product / static_cast<double>(shape.back());
}

}  // namespace

std::vector<float> made_up_weights(std::string_view name, std::span<const int64_t> shape, double gain,
                                   uint64_t seed) {
  size_t count = 1;
  for (const int64_t size : shape) count *= static_cast<size_t>(size);
  const bool vector = shape.size() < 2, scale = vector && multiplies(name);
  const double factor = vector ? (scale ? 0.5 : 1.0) : gain / std::sqrt(fan_in(name, shape));
  const uint64_t start = fnv1a64(name) ^ seed;
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>((scale ? 1 : 0) + unit(start, i) * factor);
  return values;
}

std::vector<float> made_up_pictures(const std::string& name, int n, int h, int w, double low, double high) {
  const uint64_t noise = fnv1a64(name) ^ 1, squares = fnv1a64(name + " squares") ^ 1;
  std::vector<float> values;
  values.reserve(static_cast<size_t>(n) * static_cast<size_t>(h) * static_cast<size_t>(w) * 3);
  for (int image = 0; image < n; ++image) {
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) {
        for (int c = 0; c < 3; ++c) {
          const int square = ((image * (h / 8 + 1) + y / 8) * (w / 8 + 1) + x / 8) * 3 + c;
          const double value =
              0.75 * unit(squares, static_cast<uint64_t>(square)) + 0.25 * unit(noise, values.size());
          values.push_back(static_cast<float>((value + 1) * ((high - low) / 2) + low));
        }
      }
    }
  }
  return values;
}

}  // namespace ink::test
