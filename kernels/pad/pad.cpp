#include "kernels/pad/pad.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr PadVariant kVariants[] = {
    {Isa::reference, "pad_memcpy", pad_row_reference},
};

// Neighbouring outputs along an axis that read neighbouring inputs: source, source + step, ...; `count` of
// them at most. source is -1 for zeros.
struct Segment {
  int source, step;
  int64_t count;
};

Segment segment_at(PadMode mode, int i, int size) {
  constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();
  const bool before = i < 0, inside = !before && i < size;
  if (inside) return {i, 1, size - i};
  if (mode != PadMode::reflect) {
    const int64_t count = before ? -static_cast<int64_t>(i) : kEndless;
    if (mode == PadMode::zero) return {-1, 0, count};
    return {before ? 0 : size - 1, 0, count};
  }
  if (size == 1) return {0, 0, kEndless};
  const int64_t period = 2 * (static_cast<int64_t>(size) - 1);
  const int64_t phase = (i % period + period) % period;
  if (phase < size) return {static_cast<int>(phase), 1, size - phase};
  return {static_cast<int>(period - phase), -1, period - phase};
}

struct Span {
  int begin, end;
};

// The indices that outputs [begin, end) of a padded axis read.
Span source_span(PadMode mode, int begin, int end, int size) {
  Span span{size, 0};
  for (int64_t i = begin; i < end;) {
    const Segment segment = segment_at(mode, static_cast<int>(i), size);
    const int64_t count = std::min(segment.count, end - i);
    if (segment.source >= 0) {
      const int last = segment.source + segment.step * static_cast<int>(segment.step == 0 ? 0 : count - 1);
      span.begin = std::min({span.begin, segment.source, last});
      span.end = std::max({span.end, segment.source + 1, last + 1});
    }
    i += count;
  }
  return span.begin < span.end ? span : Span{0, 0};
}

}  // namespace

void pad_row_reference(const PadRow& args) {
  const size_t pixel_bytes = static_cast<size_t>(args.channels) * sizeof(float);
  const bool dense = args.dst_stride == args.channels;
  if (dense && args.src == nullptr) {
    std::memset(args.dst, 0, static_cast<size_t>(args.pixels) * pixel_bytes);
  } else if (dense && args.src_stride == args.channels) {
    std::memcpy(args.dst, args.src, static_cast<size_t>(args.pixels) * pixel_bytes);
  } else {
    for (int64_t p = 0; p < args.pixels; ++p) {
      float* dst = args.dst + p * args.dst_stride;
      if (args.src == nullptr) {
        std::memset(dst, 0, pixel_bytes);
      } else {
        std::memcpy(dst, args.src + p * args.src_stride, pixel_bytes);
      }
    }
  }
}

std::span<const PadVariant> pad_variants() { return kVariants; }

const PadVariant& choose_pad(Isa limit) { return best_variant(pad_variants(), limit); }

int pad_index(PadMode mode, int i, int size) { return segment_at(mode, i, size).source; }

Rect pad_source(PadMode mode, int top, int left, int h, int w, Rect region) {
  const Span y = source_span(mode, region.y0 - top, region.y1 - top, h);
  const Span x = source_span(mode, region.x0 - left, region.x1 - left, w);
  if (y.begin == y.end || x.begin == x.end) return {};
  return {y.begin, x.begin, y.end, x.end};
}

void pad_run(const PadVariant& variant, PadMode mode, int top, int left, View<const float> src,
             View<float> dst, Rect region, int threads) {
  INK_CHECK(src.n == dst.n && src.c == dst.c && src.h > 0 && src.w > 0);
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    const int source_y = pad_index(mode, y - top, src.h);
    for (int64_t done = 0; done < pixels;) {
      const int at = x + static_cast<int>(done);
      const Segment segment = segment_at(mode, at - left, src.w);
      const int64_t count = std::min(segment.count, pixels - done);
      const bool zeros = source_y < 0 || segment.source < 0;
      variant.row({.src = zeros ? nullptr : src.at(image, source_y, segment.source),
                   .dst = dst.at(image, y, at),
                   .pixels = count,
                   .channels = dst.c,
                   .src_stride = segment.step * src.pixel_stride,
                   .dst_stride = dst.pixel_stride});
      done += count;
    }
  });
}

}  // namespace ink
