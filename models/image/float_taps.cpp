#include "models/image/float_taps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "models/image/pillow_taps.h"

namespace ink {
namespace {

class Builder {
 public:
  explicit Builder(const ResizeAxis& axis, FloatTaps::Step step = FloatTaps::Step::sum) : axis_(axis) {
    taps_.step = step;
    taps_.at.reserve(static_cast<size_t>(axis.count));
  }

  void begin(int first) { taps_.at.push_back({first, 0, taps_.weights.size()}); }
  void add(float weight) {
    taps_.weights.push_back(weight);
    taps_.most = std::max(taps_.most, ++taps_.at.back().count);
  }
  // Two neighbours, the second of weight `part`; none where they are the same.
  void mix(int first, int second, float part) {
    begin(first);
    add(1.0f - part);
    if (second != first) {
      add(part);
    } else {
      taps_.weights.back() = 1.0f;
    }
  }
  // Divides the weights of the last output by their sum.
  void normalize() {
    const FloatTap& tap = taps_.at.back();
    float sum = 0;
    for (int i = 0; i < tap.count; ++i) sum += taps_.weights[tap.begin + static_cast<size_t>(i)];
    if (std::abs(sum) < 1000 * std::numeric_limits<float>::min()) return;
    const float inverse = 1.0f / sum;
    for (int i = 0; i < tap.count; ++i) taps_.weights[tap.begin + static_cast<size_t>(i)] *= inverse;
  }

  template <class Add>
  FloatTaps each(Add add) {
    for (int o = axis_.first; o < axis_.first + axis_.count; ++o) add(o);
    return std::move(taps_);
  }

 private:
  ResizeAxis axis_;
  FloatTaps taps_;
};

float float_scale(const ResizeAxis& axis) {
  return static_cast<float>(axis.in) / static_cast<float>(axis.out);
}

FloatTaps nearest_taps(const ResizeAxis& axis, float offset) {
  const float scale = float_scale(axis);
  Builder taps(axis);
  return taps.each([&](int o) {
    const float at = std::floor((static_cast<float>(o) + offset) * scale);
    taps.begin(std::clamp(static_cast<int>(at), 0, axis.in - 1));
    taps.add(1.0f);
  });
}

FloatTaps tensorflow_bilinear(const ResizeAxis& axis) {
  const float scale = float_scale(axis);
  Builder taps(axis, FloatTaps::Step::mix);
  return taps.each([&](int o) {
    const float at = (static_cast<float>(o) + 0.5f) * scale - 0.5f, low = std::floor(at);
    taps.mix(std::max(static_cast<int>(low), 0), std::min(static_cast<int>(std::ceil(at)), axis.in - 1),
             at - low);
  });
}

FloatTaps torchvision_bilinear(const ResizeAxis& axis) {
  const float scale = float_scale(axis);
  Builder taps(axis);
  return taps.each([&](int o) {
    const float at = std::max(std::fma(scale, static_cast<float>(o) + 0.5f, -0.5f), 0.0f);
    const int low = std::min(static_cast<int>(at), axis.in - 1);
    taps.mix(low, std::min(low + 1, axis.in - 1), std::clamp(at - static_cast<float>(low), 0.0f, 1.0f));
  });
}

// Keys' cubic, inner part (|x| < 1) and outer part (1 <= |x| < 2).
float cubic_inner(float x, float a) { return ((a + 2) * x - (a + 3)) * x * x + 1; }
float cubic_outer(float x, float a) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }

// TensorFlow looks its weights up in a table of 1024 steps, leaves out what lies outside and scales the rest.
FloatTaps tensorflow_bicubic(const ResizeAxis& axis) {
  constexpr float kA = -0.5f;
  constexpr int kSteps = 1024;
  const float scale = float_scale(axis);
  Builder taps(axis);
  return taps.each([&](int o) {
    const float at = (static_cast<float>(o) + 0.5f) * scale - 0.5f;
    const float floor = std::floor(at);
    const int low = static_cast<int>(floor);
    const auto step = static_cast<int>(std::lrint((at - floor) * kSteps));
    const auto inner = [&](int i) { return cubic_inner(static_cast<float>(i) / kSteps, kA); };
    const auto outer = [&](int i) { return cubic_outer(static_cast<float>(i) / kSteps + 1, kA); };
    const std::array weights = {outer(step), inner(step), inner(kSteps - step), outer(kSteps - step)};
    taps.begin(std::max(low - 1, 0));
    for (int i = 0; i < 4; ++i) {
      if (low - 1 + i >= 0 && low - 1 + i < axis.in) taps.add(weights[static_cast<size_t>(i)]);
    }
    taps.normalize();
  });
}

// torch repeats the edge, and its cubic has a = -0.75 here.
FloatTaps torchvision_bicubic(const ResizeAxis& axis) {
  constexpr float kA = -0.75f;
  const float scale = float_scale(axis);
  Builder taps(axis);
  return taps.each([&](int o) {
    const float at = std::fma(scale, static_cast<float>(o) + 0.5f, -0.5f), floor = std::floor(at);
    const float part = at - floor;
    const std::array weights = {cubic_outer(part + 1, kA), cubic_inner(part, kA), cubic_inner(1 - part, kA),
                                cubic_outer(2 - part, kA)};
    std::array<float, 4> held{};
    const auto inside = [&](int i) { return std::clamp(static_cast<int>(floor) - 1 + i, 0, axis.in - 1); };
    const int first = inside(0);
    for (int i = 0; i < 4; ++i)
      held[static_cast<size_t>(inside(i) - first)] += weights[static_cast<size_t>(i)];
    taps.begin(first);
    for (int i = 0; i <= inside(3) - first; ++i) taps.add(held[static_cast<size_t>(i)]);
  });
}

FloatTaps tensorflow_area(const ResizeAxis& axis) {
  const float scale = float_scale(axis);
  Builder taps(axis);
  return taps.each([&](int o) {
    const float from = static_cast<float>(o) * scale, to = static_cast<float>(o + 1) * scale;
    const auto first = static_cast<int>(std::floor(from)), end = static_cast<int>(std::ceil(to));
    taps.begin(std::min(first, axis.in - 1));
    for (int i = first; i < std::min(end, axis.in); ++i) {
      const auto low = static_cast<float>(i), high = static_cast<float>(i + 1);
      const float covered = low < from ? (high > to ? scale : high - from) : (high > to ? to - low : 1.0f);
      taps.add(covered / scale);
    }
  });
}

struct Kernel {
  float (*at)(float);
  float radius;
};

Kernel kernel_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::bicubic:
      return {[](float x) { return x < 1   ? cubic_inner(x, -0.5f)
                                   : x < 2 ? cubic_outer(x, -0.5f)
                                           : 0.0f; },
              2};
    case ResizeFilter::lanczos:
      return {[](float x) {
                constexpr float kPi = std::numbers::pi_v<float>;
                if (x > 3) return 0.0f;
                return x <= 1e-3f ? 1.0f
                                  : 3 * std::sin(kPi * x) * std::sin(kPi * x / 3) / (kPi * kPi * x * x);
              },
              3};
    default: return {[](float x) { return std::max(1.0f - x, 0.0f); }, 1};
  }
}

// TensorFlow's scale_and_translate.
FloatTaps tensorflow_wide(const ResizeAxis& axis, ResizeFilter filter, bool antialias) {
  const Kernel kernel = kernel_of(filter);
  const float scale = 1.0f / (static_cast<float>(axis.out) / static_cast<float>(axis.in));
  const float stretch = antialias ? std::max(scale, 1.0f) : 1.0f;
  Builder taps(axis);
  return taps.each([&](int o) {
    const float centre = (static_cast<float>(o) + 0.5f) * scale;
    const float low = std::ceil(centre - kernel.radius * stretch - 0.5f),
                high = std::floor(centre + kernel.radius * stretch - 0.5f);
    const int first = std::clamp(static_cast<int>(low), 0, axis.in - 1),
              last = std::clamp(static_cast<int>(high), 0, axis.in - 1);
    taps.begin(first);
    for (int i = first; i <= last; ++i) {
      taps.add(kernel.at(std::abs((static_cast<float>(i) + 0.5f - centre) / stretch)));
    }
    taps.normalize();
  });
}

// torch's antialiasing places its inputs as Pillow does, and rounds nothing.
FloatTaps torchvision_wide(const ResizeAxis& axis, ResizeFilter filter) {
  const Taps<double> exact = pillow_taps(axis, filter);
  FloatTaps taps;
  taps.most = exact.most;
  for (const Tap& tap : exact.at) taps.at.push_back({tap.first, tap.count, tap.weights});
  for (const double weight : exact.weights) taps.weights.push_back(static_cast<float>(weight));
  return taps;
}

}  // namespace

Result<FloatTaps> float_taps(const ResizeAxis& axis, Resizer resizer, ResizeFilter filter, bool antialias) {
  if (resizer == Resizer::tensorflow) {
    switch (filter) {
      case ResizeFilter::nearest: return nearest_taps(axis, 0.5f);
      case ResizeFilter::area: return tensorflow_area(axis);
      case ResizeFilter::bilinear:
        return antialias ? tensorflow_wide(axis, filter, true) : tensorflow_bilinear(axis);
      case ResizeFilter::bicubic:
        return antialias ? tensorflow_wide(axis, filter, true) : tensorflow_bicubic(axis);
      case ResizeFilter::lanczos: return tensorflow_wide(axis, filter, antialias);
    }
  }
  if (filter == ResizeFilter::nearest) return nearest_taps(axis, 0.0f);
  if (filter == ResizeFilter::bilinear || filter == ResizeFilter::bicubic) {
    if (antialias) return torchvision_wide(axis, filter);
    return filter == ResizeFilter::bilinear ? torchvision_bilinear(axis) : torchvision_bicubic(axis);
  }
  return Error{ErrorKind::model,
               "inkstone.preprocess: torchvision resizes floats with nearest, bilinear or "
               "bicubic, and this asks for another filter"};
}

FloatTaps centred_taps(int in, int out) {
  Builder taps(ResizeAxis::whole(in, out), FloatTaps::Step::mix);
  return taps.each([&](int o) {
    const float at = static_cast<float>(o) - 0.5f * static_cast<float>(out - in), low = std::floor(at);
    const auto inside = [&](float v) { return std::clamp(static_cast<int>(v), 0, in - 1); };
    taps.mix(inside(low), inside(std::ceil(at)), at - low);
  });
}

}  // namespace ink
