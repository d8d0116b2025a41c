#include "models/image/resample.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/check.h"
#include "kernels/base/parallel.h"
#include "models/image/pillow_taps.h"

namespace ink {
namespace {

// From so many taps on, a row is taken apart into channels so that each output is a dot product of
// neighbours.
constexpr int kManyTaps = 8;

// What a depth is filtered with, and how a sum becomes a sample.
struct Bytes {
  using Sample = uint8_t;
  using Weight = int;
  static constexpr int kBegin = 1 << (kPillowFractionBits - 1);
  static uint8_t finish(int sum) {
    return static_cast<uint8_t>(std::clamp(sum >> kPillowFractionBits, 0, 255));
  }
  static Taps<int> taps(const ResizeAxis& axis, ResizeFilter filter) {
    return rounded_taps(pillow_taps(axis, filter));
  }
  static SplitTaps split(const Taps<int>& taps) {
    return taps.most >= kManyTaps ? split_taps(taps) : SplitTaps();
  }
};

struct Words {
  using Sample = uint16_t;
  using Weight = double;
  static constexpr double kBegin = 0;
  static uint16_t finish(double sum) {
    return static_cast<uint16_t>(std::clamp(sum, 0.0, 65535.0) +
                                 0.5);  // NOLINT(bugprone-incorrect-roundings)
  }
  static Taps<double> taps(const ResizeAxis& axis, ResizeFilter filter) { return pillow_taps(axis, filter); }
  static SplitTaps split(const Taps<double>&) { return {}; }
};

template <class Depth, int kChannels>
void across(const Taps<typename Depth::Weight>& taps, const typename Depth::Sample* src,
            typename Depth::Sample* dst) {
  for (const Tap& tap : taps.at) {
    const auto* weights = taps.weights.data() + tap.weights;
    const auto* from = src + int64_t{tap.first} * kChannels;
    typename Depth::Weight sum[kChannels];
    for (auto& channel : sum) channel = Depth::kBegin;
    for (int i = 0; i < tap.count; ++i) {
      for (int c = 0; c < kChannels; ++c) sum[c] += from[i * kChannels + c] * weights[i];
    }
    for (int c = 0; c < kChannels; ++c) *dst++ = Depth::finish(sum[c]);
  }
}

template <class Depth>
void across(const Taps<typename Depth::Weight>& taps, int channels, const typename Depth::Sample* src,
            typename Depth::Sample* dst) {
  switch (channels) {
    case 1: return across<Depth, 1>(taps, src, dst);
    case 2: return across<Depth, 2>(taps, src, dst);
    case 3: return across<Depth, 3>(taps, src, dst);
    default: return across<Depth, 4>(taps, src, dst);
  }
}

int dot(const int16_t* a, const int16_t* b, int count) {
  int sum = 0;
  for (int i = 0; i < count / SplitTaps::kLanes * SplitTaps::kLanes; ++i) sum += a[i] * b[i];
  return sum;
}

template <int kChannels>
void take_apart(const uint8_t* src, int w, int64_t plane, int16_t* dst) {
  for (int x = 0; x < w; ++x) {
    for (int c = 0; c < kChannels; ++c) dst[c * plane + x] = src[x * kChannels + c];
  }
}

// `planes`: (channels, plane), of which what lies behind w is zero.
void across_split(const SplitTaps& taps, int channels, const uint8_t* src, int w, int16_t* planes,
                  int64_t plane, uint8_t* dst) {
  switch (channels) {
    case 1: take_apart<1>(src, w, plane, planes); break;
    case 2: take_apart<2>(src, w, plane, planes); break;
    case 3: take_apart<3>(src, w, plane, planes); break;
    default: take_apart<4>(src, w, plane, planes); break;
  }
  for (const Tap& tap : taps.at) {
    for (int c = 0; c < channels; ++c) {
      const int16_t* from = planes + c * plane + tap.first;
      const int high = dot(from, taps.high.data() + tap.weights, tap.count);
      const int low = dot(from, taps.low.data() + tap.weights, tap.count);
      *dst++ = Bytes::finish(Bytes::kBegin + high * 256 + low);
    }
  }
}
void across_split(const SplitTaps&, int, const uint16_t*, int, int16_t*, int64_t, uint16_t*) {}

// dst[c] = Depth::finish(sum over the tap of rows[first + i][c]); `rows` begins with row `row0`.
template <class Depth>
void down(const Taps<typename Depth::Weight>& taps, const Tap& tap, const typename Depth::Sample* rows,
          int row0, int64_t row_samples, typename Depth::Sample* dst) {
  constexpr int64_t kBlock = 512;
  typename Depth::Weight sums[kBlock];
  const auto* weights = taps.weights.data() + tap.weights;
  for (int64_t begin = 0; begin < row_samples; begin += kBlock) {
    const int64_t count = std::min(kBlock, row_samples - begin);
    std::fill_n(sums, count, Depth::kBegin);
    for (int i = 0; i < tap.count; ++i) {
      const auto* src = rows + (tap.first - row0 + i) * row_samples + begin;
      const auto weight = weights[i];
      for (int64_t c = 0; c < count; ++c) sums[c] += src[c] * weight;
    }
    for (int64_t c = 0; c < count; ++c) dst[begin + c] = Depth::finish(sums[c]);
  }
}

// Columns of rows [row0, row0 + rows) into dst (rows, x.count, channels).
template <class Depth>
void resize_columns(const RowSource<typename Depth::Sample>& src, int channels, const ResizeAxis& x, int row0,
                    int rows, ResizeFilter filter, typename Depth::Sample* dst, int threads) {
  using Sample = typename Depth::Sample;
  const int64_t dst_row = int64_t{x.count} * channels;
  AlignedBuffer<Sample> scratch(static_cast<size_t>(src.scratch_size * threads));
  const auto taps = x.in == x.out ? Taps<typename Depth::Weight>() : Depth::taps(x, filter);
  const SplitTaps split = Depth::split(taps);
  const int64_t plane = x.in + SplitTaps::kLanes;
  std::vector<int16_t> planes(split.at.empty() ? 0 : static_cast<size_t>(plane * channels * threads));
  parallel_for(rows, threads, [&](int64_t y, int worker) {
    const Sample* row = src.read(row0 + static_cast<int>(y), scratch.data() + worker * src.scratch_size);
    Sample* to = dst + y * dst_row;
    if (x.in == x.out) {
      std::memcpy(to, row + int64_t{x.first} * channels, static_cast<size_t>(dst_row) * sizeof(Sample));
    } else if (split.at.empty()) {
      across<Depth>(taps, channels, row, to);
    } else {
      across_split(split, channels, row, x.in, planes.data() + worker * plane * channels, plane, to);
    }
  });
}

template <class Sample>
void resize_nearest(const RowSource<Sample>& src, int channels, const ResizeAxis& x, const ResizeAxis& y,
                    Sample* dst, int threads) {
  const std::vector<int> columns = pillow_nearest(x), rows = pillow_nearest(y);
  const int64_t dst_row = int64_t{x.count} * channels;
  AlignedBuffer<Sample> scratch(static_cast<size_t>(src.scratch_size * threads));
  parallel_for(y.count, threads, [&](int64_t o, int worker) {
    const Sample* row = src.read(rows[static_cast<size_t>(o)], scratch.data() + worker * src.scratch_size);
    Sample* to = dst + o * dst_row;
    for (const int column : columns) {
      for (int c = 0; c < channels; ++c) *to++ = row[int64_t{column} * channels + c];
    }
  });
}

template <class Depth>
void resize(const RowSource<typename Depth::Sample>& src, int channels, const ResizeAxis& x,
            const ResizeAxis& y, ResizeFilter filter, typename Depth::Sample* dst, int threads) {
  INK_CHECK(x.in > 0 && y.in > 0 && x.count > 0 && y.count > 0 && channels > 0 && channels <= 4);
  threads = std::max(threads, 1);
  if (filter == ResizeFilter::nearest) return resize_nearest(src, channels, x, y, dst, threads);
  if (y.in == y.out) return resize_columns<Depth>(src, channels, x, y.first, y.count, filter, dst, threads);

  const auto taps = Depth::taps(y, filter);
  const int row0 = taps.at.front().first, rows = taps.at.back().first + taps.at.back().count - row0;
  const int64_t row_samples = int64_t{x.count} * channels;
  AlignedBuffer<typename Depth::Sample> narrow(static_cast<size_t>(row_samples) * static_cast<size_t>(rows));
  resize_columns<Depth>(src, channels, x, row0, rows, filter, narrow.data(), threads);
  parallel_for(y.count, threads, [&](int64_t o, int) {
    down<Depth>(taps, taps.at[static_cast<size_t>(o)], narrow.data(), row0, row_samples,
                dst + o * row_samples);
  });
}

template <class Sample>
void resize_whole(const Sample* src, int w, int h, int channels, Sample* dst, int ow, int oh, int threads) {
  const int64_t row = int64_t{w} * channels;
  const auto read = [&](int y, Sample*) { return src + y * row; };
  resize_pillow(RowSource<Sample>{read}, channels, ResizeAxis::whole(w, ow), ResizeAxis::whole(h, oh),
                ResizeFilter::bicubic, dst, threads);
}

}  // namespace

void resize_pillow(const RowSource<uint8_t>& src, int channels, const ResizeAxis& x, const ResizeAxis& y,
                   ResizeFilter filter, uint8_t* dst, int threads) {
  resize<Bytes>(src, channels, x, y, filter, dst, threads);
}

void resize_pillow(const RowSource<uint16_t>& src, int channels, const ResizeAxis& x, const ResizeAxis& y,
                   ResizeFilter filter, uint16_t* dst, int threads) {
  resize<Words>(src, channels, x, y, filter, dst, threads);
}

void resize_bicubic(const uint8_t* src, int w, int h, int channels, uint8_t* dst, int ow, int oh,
                    int threads) {
  resize_whole(src, w, h, channels, dst, ow, oh, threads);
}

void resize_bicubic(const uint16_t* src, int w, int h, int channels, uint16_t* dst, int ow, int oh,
                    int threads) {
  resize_whole(src, w, h, channels, dst, ow, oh, threads);
}

uint64_t resize_bytes(int h, int channels, int ow, int depth) {
  return static_cast<uint64_t>(h) * static_cast<uint64_t>(channels) * static_cast<uint64_t>(ow) *
         static_cast<uint64_t>(depth / 8);
}

}  // namespace ink
