#include <algorithm>
#include <cmath>

#include "tests/harness/oracles.h"

namespace ink::test {
namespace {

// dst is made element by element: of(n, y, x, c) gives a value and its bound.
struct Element {
  double value, bound;
};

template <class Of>
Expected made_of(Shape shape, Of of) {
  Expected dst(shape);
  for (int n = 0; n < shape.n; ++n) {
    for (int y = 0; y < shape.h; ++y) {
      for (int x = 0; x < shape.w; ++x) {
        for (int c = 0; c < shape.c; ++c) {
          const Element element = of(n, y, x, c);
          dst.values[dst.index(n, y, x, c)] = element.value;
          dst.bounds[dst.index(n, y, x, c)] = element.bound;
        }
      }
    }
  }
  return dst;
}

Element element(const Expected& map, int n, int y, int x, int c) {
  const size_t at = map.index(n, y, x, c);
  return {map.values[at], map.bounds[at]};
}

Element combined(BinaryOp op, Element a, Element b) {
  if (op == BinaryOp::max) return {std::fmax(a.value, b.value), std::fmax(a.bound, b.bound)};
  if (op == BinaryOp::add) {
    const double carried = a.bound + b.bound, value = a.value + b.value;
    return {value, carried + kRounding * (std::abs(value) + carried)};
  }
  const double carried = std::abs(a.value) * b.bound + std::abs(b.value) * a.bound + a.bound * b.bound;
  const double value = a.value * b.value;
  return {value, carried + kRounding * (std::abs(value) + carried)};
}

// Where position i of a padded axis lies in the axis, or -1 for a zero.
int padded(PadMode mode, int i, int size) {
  if (mode == PadMode::edge) return std::clamp(i, 0, size - 1);
  if (mode == PadMode::reflect) {
    while (size > 1 && (i < 0 || i >= size)) i = i < 0 ? -i : 2 * (size - 1) - i;
    return size == 1 ? 0 : i;
  }
  return i >= 0 && i < size ? i : -1;
}

// The pixel below a position of a resized axis, and how far the position is from it.
struct Position {
  int low;
  double fraction;
};

Position position(ResizeMode mode, int i, int in, int out) {
  if (mode == ResizeMode::nearest) return {i * in / out, 0};
  double at = 0;
  if (mode == ResizeMode::bilinear) at = std::fmax((i + 0.5) * in / out - 0.5, 0);
  if (mode == ResizeMode::bilinear_align_corners && out > 1) at = i * (in - 1.0) / (out - 1.0);
  const int low = std::min(static_cast<int>(at), in - 1);
  return {low, at - low};
}

}  // namespace

Expected expect_scale(const Expected& src, float factor) {
  return made_of(src.shape, [&](int n, int y, int x, int c) {
    return combined(BinaryOp::mul, element(src, n, y, x, c), {factor, 0});
  });
}

Expected expect_binary(BinaryOp op, const Expected& a, const Expected& b) {
  return made_of(a.shape, [&](int n, int y, int x, int c) {
    return combined(op, element(a, n, y, x, c),
                    element(b, n % b.shape.n, y % b.shape.h, x % b.shape.w, c % b.shape.c));
  });
}

Expected expect_pool(const Expected& src, const PoolShape& pool) {
  const Shape shape{src.shape.n, (src.shape.h + pool.top + pool.bottom - pool.kh) / pool.sh + 1,
                    (src.shape.w + pool.left + pool.right - pool.kw) / pool.sw + 1, src.shape.c};
  return made_of(shape, [&](int n, int y, int x, int c) {
    double max = -INFINITY, max_bound = 0, sum = 0, sum_carried = 0, magnitude = 0;
    int taps = 0;
    for (int r = 0; r < pool.kh; ++r) {
      for (int s = 0; s < pool.kw; ++s) {
        const int sy = y * pool.sh - pool.top + r, sx = x * pool.sw - pool.left + s;
        if (sy < 0 || sy >= src.shape.h || sx < 0 || sx >= src.shape.w) continue;
        const Element e = element(src, n, sy, sx, c);
        max = std::fmax(max, e.value);
        max_bound = std::fmax(max_bound, e.bound);
        sum += e.value;
        sum_carried += e.bound;
        magnitude += std::abs(e.value) + e.bound;
        ++taps;
      }
    }
    if (pool.kind == PoolKind::max) return Element{max, max_bound};
    const int divisor = pool.count_include_pad ? pool.kh * pool.kw : taps;
    return Element{sum / divisor, (sum_carried + sum_bound(taps, magnitude)) / divisor};
  });
}

Expected expect_softmax(const Expected& src) {
  return made_of(src.shape, [&](int n, int y, int x, int c) {
    double largest = -INFINITY, carried = 0, sum = 0;
    for (int i = 0; i < src.shape.c; ++i) {
      largest = std::fmax(largest, element(src, n, y, x, i).value);
      carried = std::fmax(carried, element(src, n, y, x, i).bound);
    }
    for (int i = 0; i < src.shape.c; ++i) sum += std::exp(element(src, n, y, x, i).value - largest);
    const double exponent = element(src, n, y, x, c).value - largest, value = std::exp(exponent) / sum;
    // Inputs that are off by `carried` change a quotient by e^(2 carried) at most. The distances to the
    // maximum are rounded once, those that count in the sum are short; then come 8 ulp.
    const double rounding = 2 * kRounding * (std::abs(exponent) + 1 + 8) + 2 * carried;
    return Element{value, value * std::expm1(rounding) + 1.2e-38};
  });
}

Expected expect_gram(const Expected& src) {
  const double count = static_cast<double>(src.shape.h) * src.shape.w;
  return made_of({src.shape.n, 1, src.shape.c, src.shape.c}, [&](int n, int, int i, int j) {
    double sum = 0, carried = 0, magnitude = 0;
    for (int y = 0; y < src.shape.h; ++y) {
      for (int x = 0; x < src.shape.w; ++x) {
        const Element a = element(src, n, y, x, i), b = element(src, n, y, x, j);
        sum += a.value * b.value;
        carried += std::abs(a.value) * b.bound + std::abs(b.value) * a.bound + a.bound * b.bound;
        magnitude += (std::abs(a.value) + a.bound) * (std::abs(b.value) + b.bound);
      }
    }
    return Element{sum / count, (carried + sum_bound(std::min(src.shape.w, 128), magnitude)) / count};
  });
}

Expected expect_row_max(const Expected& src) {
  return made_of({src.shape.n, 1, 1, src.shape.h * src.shape.w}, [&](int n, int, int, int i) {
    Element largest{-INFINITY, 0};
    for (int c = 0; c < src.shape.c; ++c) {
      const Element e = element(src, n, i / src.shape.w, i % src.shape.w, c);
      largest = combined(BinaryOp::max, largest, e);
    }
    return largest;
  });
}

Expected expect_global_mean(const Expected& src) {
  return made_of({src.shape.n, 1, 1, src.shape.c}, [&](int n, int, int, int c) {
    double sum = 0, carried = 0;
    for (int y = 0; y < src.shape.h; ++y) {
      for (int x = 0; x < src.shape.w; ++x) {
        sum += element(src, n, y, x, c).value;
        carried += element(src, n, y, x, c).bound;
      }
    }
    const double count = static_cast<double>(src.shape.h) * src.shape.w;
    return Element{sum / count, carried / count + 2 * kRounding * (std::abs(sum) + carried) / count};
  });
}

Expected expect_pad(const Expected& src, PadMode mode, int top, int left, int bottom, int right) {
  const Shape shape{src.shape.n, src.shape.h + top + bottom, src.shape.w + left + right, src.shape.c};
  return made_of(shape, [&](int n, int y, int x, int c) {
    const int sy = padded(mode, y - top, src.shape.h), sx = padded(mode, x - left, src.shape.w);
    return sy < 0 || sx < 0 ? Element{0, 0} : element(src, n, sy, sx, c);
  });
}

Expected expect_concat(std::span<const Expected> srcs) {
  Shape shape = srcs[0].shape;
  for (const Expected& src : srcs.subspan(1)) shape.c += src.shape.c;
  return made_of(shape, [&](int n, int y, int x, int c) {
    size_t i = 0;
    for (; c >= srcs[i].shape.c; ++i) c -= srcs[i].shape.c;
    return element(srcs[i], n, y, x, c);
  });
}

Expected expect_pixel_shuffle(const Expected& src, int factor) {
  const Shape shape{src.shape.n, src.shape.h * factor, src.shape.w * factor, src.shape.c / (factor * factor)};
  return made_of(shape, [&](int n, int y, int x, int c) {
    return element(src, n, y / factor, x / factor, (c * factor + y % factor) * factor + x % factor);
  });
}

Expected expect_resize(const Expected& src, ResizeMode mode, int factor) {
  const Shape shape{src.shape.n, src.shape.h * factor, src.shape.w * factor, src.shape.c};
  return made_of(shape, [&](int n, int y, int x, int c) {
    const Position py = position(mode, y, src.shape.h, shape.h), px = position(mode, x, src.shape.w, shape.w);
    double value = 0, carried = 0, magnitude = 0;
    for (const int r : {0, 1}) {
      for (const int s : {0, 1}) {
        const Element e =
            element(src, n, std::min(py.low + r, src.shape.h - 1), std::min(px.low + s, src.shape.w - 1), c);
        const double weight =
            (r == 0 ? 1 - py.fraction : py.fraction) * (s == 0 ? 1 - px.fraction : px.fraction);
        value += weight * e.value;
        carried += weight * e.bound;
        magnitude += weight * (std::abs(e.value) + e.bound);
      }
    }
    return Element{value, carried + (mode == ResizeMode::nearest ? 0 : sum_bound(4, magnitude))};
  });
}

}  // namespace ink::test
