#include "kernels/sequence/sequence.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/half.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

void add(const float* src, float* dst, int count) {
  for (int i = 0; i < count; ++i) dst[i] += src[i];
}

void copy(const float* src, float* dst, int count) {
  std::memcpy(dst, src, static_cast<size_t>(count) * sizeof(float));
}

template <class Convert>
void widen_halves(const unsigned char* src, float* dst, int count, Convert convert) {
  for (int i = 0; i < count; ++i) {
    uint16_t value;
    std::memcpy(&value, src + i * 2, sizeof value);
    dst[i] = convert(value);
  }
}

// The first token of the sequence that token t belongs to.
int first_of(std::span<const int32_t> segments, int t) {
  return segments.empty() ? 0 : *(std::upper_bound(segments.begin(), segments.end(), t) - 1);
}

void mean_of_rows(View<const float> src, int image, int begin, int end, float* dst) {
  constexpr int kChannels = 64;  // at a time: their sums stay in registers and the first-level cache
  for (int first = 0; first < src.c; first += kChannels) {
    const int count = std::min(kChannels, src.c - first);
    double sums[kChannels] = {};
    for (int t = begin; t < end; ++t) {
      const float* row = src.at(image, 0, t) + first;
      for (int i = 0; i < count; ++i) sums[i] += static_cast<double>(row[i]);
    }
    for (int i = 0; i < count; ++i) dst[first + i] = static_cast<float>(sums[i] / (end - begin));
  }
}

}  // namespace

void widen_row(const Table& table, int row, float* dst) {
  const unsigned char* src = table.row(row);
  switch (table.dtype) {
    case DType::f16: return widen_halves(src, dst, table.c, f16_to_f32);
    case DType::bf16: return widen_halves(src, dst, table.c, bf16_to_f32);
    default: INK_CHECK(table.dtype == DType::f32);
  }
  std::memcpy(dst, src, static_cast<size_t>(table.c) * sizeof(float));
}

void embed_tokens(const Table& table, const float* positions, View<const int32_t> ids,
                  std::span<const int32_t> segments, View<float> dst, int threads) {
  INK_CHECK(dst.c == table.c && ids.w == dst.w && ids.n == dst.n);
  constexpr int kTokens = 16;  // a task
  const int parts = divide_up(dst.w, kTokens);
  parallel_for(static_cast<int64_t>(dst.n) * parts, threads, [&](int64_t task, int) {
    const int image = static_cast<int>(task / parts), begin = static_cast<int>(task % parts) * kTokens;
    for (int t = begin; t < std::min(dst.w, begin + kTokens); ++t) {
      float* row = dst.at(image, 0, t);
      widen_row(table, *ids.at(image, 0, t), row);
      if (positions != nullptr)
        add(positions + static_cast<int64_t>(t - first_of(segments, t)) * dst.c, row, dst.c);
    }
  });
}

void join_patches(const float* first, const float* positions, View<const float> src, View<float> dst,
                  int threads) {
  const int before = first == nullptr ? 0 : 1;
  INK_CHECK(dst.c == src.c && dst.w == before + src.h * src.w);
  parallel_for(static_cast<int64_t>(dst.n) * (src.h + 1), threads, [&](int64_t task, int) {
    const int image = static_cast<int>(task / (src.h + 1)), y = static_cast<int>(task % (src.h + 1)) - 1;
    const auto put = [&](const float* row, int t) {
      copy(row, dst.at(image, 0, t), dst.c);
      if (positions != nullptr) add(positions + static_cast<int64_t>(t) * dst.c, dst.at(image, 0, t), dst.c);
    };
    if (y < 0) {
      if (first != nullptr) put(first, 0);
      return;
    }
    for (int x = 0; x < src.w; ++x) put(src.at(image, y, x), before + y * src.w + x);
  });
}

void pool_sequences(SequencePool pool, View<const float> src, std::span<const int32_t> segments,
                    View<float> dst, int threads) {
  const bool ragged = !segments.empty();
  const int count = ragged ? static_cast<int>(segments.size()) - 1 : src.n;
  INK_CHECK(src.c == dst.c && count == (ragged ? dst.w : dst.n));
  parallel_for(count, threads, [&](int64_t task, int) {
    const int sequence = static_cast<int>(task), image = ragged ? 0 : sequence;
    const int begin = ragged ? segments[static_cast<size_t>(task)] : 0;
    const int end = ragged ? segments[static_cast<size_t>(task) + 1] : src.w;
    float* row = ragged ? dst.at(0, 0, sequence) : dst.at(sequence, 0, 0);
    switch (pool) {
      case SequencePool::first: return copy(src.at(image, 0, begin), row, dst.c);
      case SequencePool::last: return copy(src.at(image, 0, end - 1), row, dst.c);
      case SequencePool::mean: return mean_of_rows(src, image, begin, end, row);
    }
  });
}

void pick_rows(View<const float> src, std::span<const int32_t> rows, View<float> dst) {
  INK_CHECK(src.c == dst.c && static_cast<size_t>(dst.w) == rows.size());
  for (int i = 0; i < dst.w; ++i) copy(src.at(0, 0, rows[static_cast<size_t>(i)]), dst.at(0, 0, i), dst.c);
}

}  // namespace ink
