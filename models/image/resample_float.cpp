#include "models/image/resample_float.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

constexpr int kChannels = 3;
constexpr int kManyTaps = 8;    // from here on, a row is taken apart into channels
constexpr int kLanes = 8;       // partial sums of a dot product
constexpr int kChunkRows = 16;  // outputs that share what they read

float dot(const float* a, const float* b, int count) {
  std::array<float, kLanes> sums{};
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[static_cast<size_t>(lane)] += a[i + lane] * b[i + lane];
  }
  float rest = 0;
  for (; i < count; ++i) rest += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest;
}

void across_planes(const FloatTaps& taps, const float* src, int w, float* planes, float* dst) {
  for (int x = 0; x < w; ++x) {
    for (int c = 0; c < kChannels; ++c) planes[int64_t{c} * w + x] = src[int64_t{x} * kChannels + c];
  }
  for (const FloatTap& tap : taps.at) {
    for (int c = 0; c < kChannels; ++c) {
      *dst++ = dot(planes + int64_t{c} * w + tap.first, taps.weights.data() + tap.begin, tap.count);
    }
  }
}

void across(const FloatTaps& taps, const float* src, float* dst) {
  const bool mix = taps.step == FloatTaps::Step::mix;
  for (const FloatTap& tap : taps.at) {
    const float* from = src + int64_t{tap.first} * kChannels;
    const float* weights = taps.weights.data() + tap.begin;
    for (int c = 0; c < kChannels; ++c) {
      float sum = mix ? from[c] : from[c] * weights[0];
      if (mix && tap.count == 2) sum += (from[c + kChannels] - from[c]) * weights[1];
      for (int i = 1; !mix && i < tap.count; ++i) sum += from[i * kChannels + c] * weights[i];
      *dst++ = sum;
    }
  }
}

// The rows that one chunk of outputs has read, the newest of each slot.
class Held {
 public:
  Held(int slots, int64_t row)
      : rows_(static_cast<size_t>(slots)), row_(row), data_(size_t(slots) * size_t(row)) {
    std::ranges::fill(rows_, -1);
  }
  void forget() { std::ranges::fill(rows_, -1); }
  // Whether the slot of row y must be filled first.
  bool claim(int y) { return std::exchange(rows_[slot(y)], y) != y; }
  float* at(int y) { return data_.data() + static_cast<int64_t>(slot(y)) * row_; }

 private:
  size_t slot(int y) const { return static_cast<size_t>(y) % rows_.size(); }

  std::vector<int> rows_;
  int64_t row_;
  AlignedBuffer<float> data_;
};

void down(const FloatTaps& taps, const FloatTap& tap, Held& held, int64_t count, float* dst) {
  const float* weights = taps.weights.data() + tap.begin;
  const float* first = held.at(tap.first);
  if (taps.step == FloatTaps::Step::mix) {
    if (tap.count == 1) {
      std::copy_n(first, count, dst);
    } else {
      const float* second = held.at(tap.first + 1);
      for (int64_t c = 0; c < count; ++c) dst[c] = first[c] + (second[c] - first[c]) * weights[1];
    }
    return;
  }
  for (int64_t c = 0; c < count; ++c) dst[c] = first[c] * weights[0];
  for (int i = 1; i < tap.count; ++i) {
    const float* row = held.at(tap.first + i);
    for (int64_t c = 0; c < count; ++c) dst[c] += row[c] * weights[i];
  }
}

}  // namespace

void resize_floats(const RowSource<float>& src, int w, const FloatTaps& x, const FloatTaps& y, float* dst,
                   int threads) {
  threads = std::max(threads, 1);
  const auto ow = static_cast<int64_t>(x.at.size()), oh = static_cast<int64_t>(y.at.size());
  const int64_t src_row = int64_t{w} * kChannels, dst_row = ow * kChannels;
  const bool planes = x.most >= kManyTaps;
  const int64_t scratch_size = src.scratch_size + (planes ? src_row : 0);
  AlignedBuffer<float> scratch(static_cast<size_t>(scratch_size * threads));
  std::vector<Held> held;
  for (int i = 0; i < threads; ++i) held.emplace_back(y.most, dst_row);
  parallel_for(divide_up(oh, kChunkRows), threads, [&](int64_t chunk, int worker) {
    Held& rows = held[static_cast<size_t>(worker)];
    float* own = scratch.data() + worker * scratch_size;
    rows.forget();
    for (int64_t o = chunk * kChunkRows; o < std::min(oh, (chunk + 1) * kChunkRows); ++o) {
      const FloatTap& tap = y.at[static_cast<size_t>(o)];
      for (int r = tap.first; r < tap.first + tap.count; ++r) {
        if (!rows.claim(r)) continue;
        const float* row = src.read(r, own);
        planes ? across_planes(x, row, w, own + src.scratch_size, rows.at(r)) : across(x, row, rows.at(r));
      }
      down(y, tap, rows, dst_row, dst + o * dst_row);
    }
  });
}

}  // namespace ink
