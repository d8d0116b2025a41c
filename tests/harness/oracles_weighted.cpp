#include <algorithm>
#include <cmath>

#include "tests/harness/oracles.h"

namespace ink::test {
namespace {

// A sum of products under way: its value, the error that its inputs bring along, and what its roundings are
// measured against.
struct Sum {
  double value = 0, carried = 0, magnitude = 0;
  int terms = 0;

  void add(double src, double src_bound, double weight) {
    value += src * weight;
    carried += src_bound * std::abs(weight);
    magnitude += (std::abs(src) + src_bound) * std::abs(weight);
    ++terms;
  }
};

void finish(const Sum& sum, double bias, Expected& dst, size_t at) {
  dst.values[at] = sum.value + bias;
  dst.bounds[at] = sum.carried + sum_bound(sum.terms, sum.magnitude + std::abs(bias));
}

}  // namespace

// |error| <= 2 (k + 2) eps sum |a b|: k + 1 roundings of partial sums and one of each product, doubled for
// the terms of second order and for weights that were rounded once when something was folded into them.
double sum_bound(double terms, double magnitude) { return 2 * (terms + 2) * kRounding * magnitude; }

Expected expect_conv(const Expected& src, const ConvParams& p, std::span<const float> weights,
                     std::span<const float> bias) {
  const auto size = [](int in, int pads, int kernel, int dilation, int stride) {
    return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
  };
  Expected dst({src.shape.n, size(src.shape.h, p.pad_top + p.pad_bottom, p.kh, p.dh, p.sh),
                size(src.shape.w, p.pad_left + p.pad_right, p.kw, p.dw, p.sw), p.oc});
  const int icg = p.ic / p.groups, ocg = p.oc / p.groups;
  for (int n = 0; n < dst.shape.n; ++n) {
    for (int y = 0; y < dst.shape.h; ++y) {
      for (int x = 0; x < dst.shape.w; ++x) {
        for (int o = 0; o < p.oc; ++o) {
          Sum sum;
          for (int r = 0; r < p.kh; ++r) {
            const int iy = y * p.sh - p.pad_top + r * p.dh;
            if (iy < 0 || iy >= src.shape.h) continue;
            for (int s = 0; s < p.kw; ++s) {
              const int ix = x * p.sw - p.pad_left + s * p.dw;
              if (ix < 0 || ix >= src.shape.w) continue;
              const size_t from = src.index(n, iy, ix, o / ocg * icg);
              for (int i = 0; i < icg; ++i) {
                const size_t at = from + static_cast<size_t>(i);
                sum.add(src.values[at], src.bounds[at],
                        weights[static_cast<size_t>(((o * icg + i) * p.kh + r) * p.kw + s)]);
              }
            }
          }
          finish(sum, bias.empty() ? 0 : bias[static_cast<size_t>(o)], dst, dst.index(n, y, x, o));
        }
      }
    }
  }
  return dst;
}

Expected expect_deconv(const Expected& src, const DeconvParams& p, std::span<const float> weights,
                       std::span<const float> bias) {
  Expected dst({src.shape.n, (src.shape.h - 1) * p.sh - p.pad_top - p.pad_bottom + p.kh,
                (src.shape.w - 1) * p.sw - p.pad_left - p.pad_right + p.kw, p.oc});
  const int icg = p.ic / p.groups, ocg = p.oc / p.groups;
  std::vector<Sum> sums(dst.values.size());
  for (int n = 0; n < src.shape.n; ++n) {
    for (int iy = 0; iy < src.shape.h; ++iy) {
      for (int ix = 0; ix < src.shape.w; ++ix) {
        for (int i = 0; i < p.ic; ++i) {
          const size_t from = src.index(n, iy, ix, i);
          for (int j = 0; j < ocg; ++j) {
            for (int r = 0; r < p.kh; ++r) {
              for (int s = 0; s < p.kw; ++s) {
                const int y = iy * p.sh - p.pad_top + r, x = ix * p.sw - p.pad_left + s;
                if (y < 0 || y >= dst.shape.h || x < 0 || x >= dst.shape.w) continue;
                sums[dst.index(n, y, x, i / icg * ocg + j)].add(
                    src.values[from], src.bounds[from],
                    weights[static_cast<size_t>(((i * ocg + j) * p.kh + r) * p.kw + s)]);
              }
            }
          }
        }
      }
    }
  }
  for (size_t at = 0; at < sums.size(); ++at) {
    finish(sums[at], bias.empty() ? 0 : bias[at % static_cast<size_t>(p.oc)], dst, at);
  }
  return dst;
}

Expected expect_linear(const Expected& src, int out, std::span<const float> weights,
                       std::span<const float> bias) {
  const size_t in = static_cast<size_t>(src.shape.c), columns = static_cast<size_t>(out);
  Expected dst({src.shape.n, src.shape.h, src.shape.w, out});
  for (size_t pixel = 0; pixel < src.values.size() / in; ++pixel) {
    for (size_t o = 0; o < columns; ++o) {
      Sum sum;
      for (size_t i = 0; i < in; ++i) {
        sum.add(src.values[pixel * in + i], src.bounds[pixel * in + i], weights[o * in + i]);
      }
      finish(sum, bias.empty() ? 0 : bias[o], dst, pixel * columns + o);
    }
  }
  return dst;
}

Expected expect_batch_norm(const Expected& src, std::span<const float> gamma, std::span<const float> beta,
                           std::span<const float> mean, std::span<const float> variance, double epsilon) {
  Expected dst(src.shape);
  for (size_t i = 0; i < dst.values.size(); ++i) {
    const size_t c = i % static_cast<size_t>(src.shape.c);
    const double scale = gamma[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    dst.values[i] = (src.values[i] - mean[c]) * scale + beta[c];
    const double magnitude =
        (std::abs(src.values[i]) + src.bounds[i] + std::abs(mean[c])) * std::abs(scale) + std::abs(beta[c]);
    dst.bounds[i] = src.bounds[i] * std::abs(scale) + sum_bound(2, magnitude);
  }
  return dst;
}

Expected expect_layer_norm(const Expected& src, std::span<const float> gamma, std::span<const float> beta,
                           double epsilon) {
  Expected dst(src.shape);
  const size_t c = static_cast<size_t>(src.shape.c);
  for (size_t first = 0; first < dst.values.size(); first += c) {
    double sum = 0, magnitude = 0, moved = 0;
    for (size_t i = first; i < first + c; ++i) {
      sum += src.values[i], magnitude += std::abs(src.values[i]), moved += src.bounds[i];
    }
    // What kernels/layer_norm promises of its sums; an error of the mean moves every value.
    const double count = static_cast<double>(c), mean = sum / count, of_sums = (count / 64 + 8) * kRounding;
    const double mean_error = (moved + of_sums * (magnitude + moved)) / count;
    double squares = 0, squares_error = 0;
    for (size_t i = first; i < first + c; ++i) {
      const double centred = std::abs(src.values[i] - mean), error = src.bounds[i] + mean_error;
      squares += centred * centred;
      squares_error += (2 * centred + error) * error;
    }
    const double variance = squares / count + epsilon;
    const double variance_error = (squares_error + of_sums * (squares + squares_error)) / count;
    const double least = std::sqrt(std::max(variance - variance_error, epsilon)),
                 deviation = std::sqrt(variance);
    for (size_t i = first; i < first + c; ++i) {
      const double centred = src.values[i] - mean, error = src.bounds[i] + mean_error;
      const double y = centred / deviation * gamma[i - first];
      const double most = (std::abs(centred) + error) / least * std::abs(gamma[i - first]);
      dst.values[i] = y + beta[i - first];
      // Between the smallest deviation and this one: 1 / least - 1 / deviation.
      dst.bounds[i] =
          std::abs(gamma[i - first]) * (error / least + std::abs(centred) * (1 / least - 1 / deviation)) +
          8 * kRounding * (most + std::abs(beta[i - first]));
    }
  }
  return dst;
}

}  // namespace ink::test
