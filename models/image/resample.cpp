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

template <class Weight>
struct Taps {
  std::vector<Tap> at;
  std::vector<Weight> weights;
};

// Pillow's own rounding, down to where x + 0.5 is itself rounded.
int nearest(double x) {
  return static_cast<int>(x + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

// Pillow's weights for 8 bits and for 16.
void add_weight(double exact, std::vector<int>& weights) {
  const double fixed = exact * (1 << kFractionBits);
  weights.push_back(static_cast<int>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
}
void add_weight(double exact, std::vector<double>& weights) { weights.push_back(exact); }

template <class Weight>
Taps<Weight> make_taps(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);
  const double support = kSupport * stretch, inverse = 1.0 / stretch;
  Taps<Weight> taps;
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
    for (const double weight : exact) add_weight(sum != 0 ? weight / sum : weight, taps.weights);
  }
  return taps;
}

// What a depth is filtered with, and how a sum becomes a sample.
struct Bytes {
  using Sample = uint8_t;
  using Weight = int;
  static constexpr int kBegin = 1 << (kFractionBits - 1);
  static uint8_t finish(int sum) { return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }
};

struct Words {
  using Sample = uint16_t;
  using Weight = double;
  static constexpr double kBegin = 0;
  static uint16_t finish(double sum) { return static_cast<uint16_t>(nearest(std::clamp(sum, 0.0, 65535.0))); }
};

// dst[c] = Depth::finish(sum over the tap of src[first + i][c]), whose samples are `stride` apart.
template <class Depth>
void filter(const Taps<typename Depth::Weight>& taps, int o, const typename Depth::Sample* src,
            int64_t stride, int64_t count, typename Depth::Sample* dst) {
  const Tap& tap = taps.at[static_cast<size_t>(o)];
  const auto* weights = taps.weights.data() + tap.weights;
  src += tap.first * stride;
  for (int64_t c = 0; c < count; ++c) {
    typename Depth::Weight sum = Depth::kBegin;
    for (int i = 0; i < tap.count; ++i) sum += src[i * stride + c] * weights[i];
    dst[c] = Depth::finish(sum);
  }
}

template <class Depth>
void resize(const typename Depth::Sample* src, int w, int h, int channels, typename Depth::Sample* dst,
            int ow, int oh, int threads) {
  INK_CHECK(w > 0 && h > 0 && ow > 0 && oh > 0 && channels > 0);
  const int64_t src_row = static_cast<int64_t>(w) * channels, dst_row = static_cast<int64_t>(ow) * channels;
  AlignedBuffer<typename Depth::Sample> narrow(static_cast<size_t>(dst_row) * static_cast<size_t>(h));

  const auto across = make_taps<typename Depth::Weight>(w, ow);
  parallel_for(h, threads, [&](int64_t y, int) {
    for (int x = 0; x < ow; ++x) {
      filter<Depth>(across, x, src + y * src_row, channels, channels,
                    narrow.data() + y * dst_row + int64_t{x} * channels);
    }
  });
  const auto down = make_taps<typename Depth::Weight>(h, oh);
  parallel_for(oh, threads, [&](int64_t y, int) {
    filter<Depth>(down, static_cast<int>(y), narrow.data(), dst_row, dst_row, dst + y * dst_row);
  });
}

}  // namespace

void resize_bicubic(const uint8_t* src, int w, int h, int channels, uint8_t* dst, int ow, int oh,
                    int threads) {
  resize<Bytes>(src, w, h, channels, dst, ow, oh, threads);
}

void resize_bicubic(const uint16_t* src, int w, int h, int channels, uint16_t* dst, int ow, int oh,
                    int threads) {
  resize<Words>(src, w, h, channels, dst, ow, oh, threads);
}

uint64_t resize_bytes(int h, int channels, int ow, int depth) {
  return static_cast<uint64_t>(h) * static_cast<uint64_t>(channels) * static_cast<uint64_t>(ow) *
         static_cast<uint64_t>(depth / 8);
}

}  // namespace ink
