#include "models/image/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/check.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

constexpr int kFractionBits = 22;  // 32 less 8 of the sample and 2 of head-room
constexpr double kSupport = 2.0;

double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

// The inputs [first, first + count) of one output and where their weights start.
struct Tap {
  int first, count;
  size_t weights;
};

struct Taps {
  std::vector<Tap> at;
  std::vector<int> weights;
};

// Pillow's own rounding, down to where x + 0.5 is itself rounded.
int nearest(double x) {
  return static_cast<int>(x + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

Taps make_taps(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);
  const double support = kSupport * stretch, inverse = 1.0 / stretch;
  Taps taps;
  std::vector<double> exact;
  for (int o = 0; o < out; ++o) {
    const double centre = (o + 0.5) * scale;
    const int first = std::max(nearest(centre - support), 0);
    const int count = std::min(nearest(centre + support), in) - first;
    exact.clear();
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      exact.push_back(cubic((i + first - centre + 0.5) * inverse));
      sum += exact.back();
    }
    taps.at.push_back({first, count, taps.weights.size()});
    for (const double weight : exact) {
      const double fixed = (sum != 0 ? weight / sum : weight) * (1 << kFractionBits);
      taps.weights.push_back(static_cast<int>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
  }
  return taps;
}

// dst[c] = sum over the tap of src[first + i][c], whose samples are `stride` apart.
void filter(const Taps& taps, int o, const uint8_t* src, int64_t stride, int64_t count, uint8_t* dst) {
  const Tap& tap = taps.at[static_cast<size_t>(o)];
  const int* weights = taps.weights.data() + tap.weights;
  src += tap.first * stride;
  for (int64_t c = 0; c < count; ++c) {
    int sum = 1 << (kFractionBits - 1);
    for (int i = 0; i < tap.count; ++i) sum += src[i * stride + c] * weights[i];
    dst[c] = static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
  }
}

}  // namespace

void resize_bicubic(const uint8_t* src, int w, int h, int channels, uint8_t* dst, int ow, int oh,
                    int threads) {
  INK_CHECK(w > 0 && h > 0 && ow > 0 && oh > 0 && channels > 0);
  const int64_t src_row = static_cast<int64_t>(w) * channels, dst_row = static_cast<int64_t>(ow) * channels;
  AlignedBuffer<uint8_t> narrow(static_cast<size_t>(dst_row) * static_cast<size_t>(h));

  const Taps across = make_taps(w, ow);
  parallel_for(h, threads, [&](int64_t y, int) {
    for (int x = 0; x < ow; ++x) {
      filter(across, x, src + y * src_row, channels, channels,
             narrow.data() + y * dst_row + int64_t{x} * channels);
    }
  });
  const Taps down = make_taps(h, oh);
  parallel_for(oh, threads, [&](int64_t y, int) {
    filter(down, static_cast<int>(y), narrow.data(), dst_row, dst_row, dst + y * dst_row);
  });
}

}  // namespace ink
