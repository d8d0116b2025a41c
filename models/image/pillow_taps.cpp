#include "models/image/pillow_taps.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "kernels/base/check.h"

namespace ink {
namespace {

double triangle(double x) { return std::max(1.0 - std::abs(x), 0.0); }

double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}
double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct Kernel {
  double (*at)(double);
  double support;
};

Kernel kernel_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::bilinear: return {triangle, 1};
    case ResizeFilter::bicubic: return {cubic, 2};
    case ResizeFilter::lanczos: return {lanczos, 3};
    default: break;
  }
  INK_CHECK(false);
  return {};
}

// Pillow's own rounding, down to where x + 0.5 is itself rounded.
int nearest(double x) {
  return static_cast<int>(x + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

}  // namespace

Taps<double> pillow_taps(const ResizeAxis& axis, ResizeFilter filter) {
  const Kernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(axis.in) / axis.out;
  const double stretch = std::max(scale, 1.0);
  const double support = kernel.support * stretch, inverse = 1.0 / stretch;
  Taps<double> taps;
  taps.at.reserve(static_cast<size_t>(axis.count));
  for (int o = axis.first; o < axis.first + axis.count; ++o) {
    const double centre = (o + 0.5) * scale;
    const int first = std::max(nearest(centre - support), 0);
    const int count = std::min(nearest(centre + support), axis.in) - first;
    const size_t begin = taps.weights.size();
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      taps.weights.push_back(kernel.at((i + first - centre + 0.5) * inverse));
      sum += taps.weights.back();
    }
    if (sum != 0) {
      for (size_t i = begin; i < taps.weights.size(); ++i) taps.weights[i] /= sum;
    }
    taps.at.push_back({first, count, begin});
    taps.most = std::max(taps.most, count);
  }
  return taps;
}

Taps<int> rounded_taps(const Taps<double>& exact) {
  Taps<int> taps{exact.at, {}, exact.most};
  taps.weights.reserve(exact.weights.size());
  for (const double weight : exact.weights) {
    const double fixed = weight * (1 << kPillowFractionBits);
    taps.weights.push_back(static_cast<int>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
  }
  return taps;
}

SplitTaps split_taps(const Taps<int>& taps) {
  SplitTaps split;
  for (const int weight : taps.weights) {
    if (weight >> 8 != static_cast<int16_t>(weight >> 8)) return {};
  }
  for (const Tap& tap : taps.at) {
    const int filled = (tap.count + SplitTaps::kLanes - 1) / SplitTaps::kLanes * SplitTaps::kLanes;
    split.at.push_back({tap.first, filled, split.high.size()});
    for (int i = 0; i < filled; ++i) {
      const int weight = i < tap.count ? taps.weights[tap.weights + static_cast<size_t>(i)] : 0;
      split.high.push_back(static_cast<int16_t>(weight >> 8));
      split.low.push_back(static_cast<int16_t>(weight & 255));
    }
  }
  return split;
}

std::vector<int> pillow_nearest(const ResizeAxis& axis) {
  const double scale = static_cast<double>(axis.in) / axis.out;
  std::vector<int> at;
  at.reserve(static_cast<size_t>(axis.count));
  double centre = scale * 0.5;
  for (int o = 0; o < axis.first + axis.count; ++o, centre += scale) {
    if (o >= axis.first) at.push_back(std::min(static_cast<int>(centre), axis.in - 1));
  }
  return at;
}

}  // namespace ink
