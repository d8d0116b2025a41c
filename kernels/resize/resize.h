#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// With i an index of dst along an axis of `in` -> `out` pixels, the position in src is
//   nearest                 floor(i * in / out), exactly (torch "nearest" computes it in float)
//   bilinear                max(0, (i + 0.5) * in / out - 0.5): pixel centres, torch align_corners=False, TF
//   half-pixel bilinear_align_corners  i * (in - 1) / (out - 1), or 0 where out is 1
// and a bilinear value mixes the pixels on both sides of it; behind the last pixel it is the last pixel.
enum class ResizeMode { nearest, bilinear, bilinear_align_corners };

constexpr const char* resize_mode_name(ResizeMode mode) {
  switch (mode) {
    case ResizeMode::nearest: return "nearest";
    case ResizeMode::bilinear: return "bilinear";
    case ResizeMode::bilinear_align_corners: return "bilinear_align_corners";
  }
  return "?";
}

// What index i of an axis of dst reads: src[lo] * lo_weight + src[hi] * hi_weight.
struct ResizeTap {
  int32_t lo, hi;
  float lo_weight, hi_weight;  // 1 and 0 for nearest
};

// Of one index `i` < out.
ResizeTap resize_tap(ResizeMode mode, int i, int in, int out);
// The taps of one axis, computed in double and rounded to float once; part of a plan. in and out are
// positive.
std::vector<ResizeTap> resize_taps(ResizeMode mode, int in, int out);
// The same into memory of the caller's: taps.size() is `out`.
void fill_resize_taps(ResizeMode mode, int in, std::span<ResizeTap> taps);

// One row of dst. top and bottom are the two rows of src at its column x0; for p < pixels, i < channels and
// at(row, x) = row[(x - x0) * src_stride + i]:
//   nearest:   dst[p * dst_stride + i] = at(top, taps[p].lo)
//   bilinear:  dst[p * dst_stride + i] = top_weight * mix(top) + bottom_weight * mix(bottom),
//              mix(row) = taps[p].lo_weight * at(row, taps[p].lo) + taps[p].hi_weight * at(row, taps[p].hi)
// dst does not overlap src.
struct ResizeRow {
  const float* top;
  const float* bottom;
  const ResizeTap* taps;
  float* dst;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
  int x0;
  float top_weight, bottom_weight;
};

// Serial; allocates nothing; touches only the elements above.
using ResizeKernel = void(const ResizeRow&);
ResizeKernel resize_nearest_row_reference, resize_nearest_row_sse42, resize_nearest_row_avx2,
    resize_nearest_row_avx512;
ResizeKernel resize_bilinear_row_reference, resize_bilinear_row_sse42, resize_bilinear_row_avx2,
    resize_bilinear_row_avx512;

struct ResizeVariant {
  Isa isa;
  const char* name;
  ResizeKernel* nearest;
  ResizeKernel* bilinear;
};

// Best first, reference last.
std::span<const ResizeVariant> resize_variants();
const ResizeVariant& choose_resize(Isa limit);

// The part of src that resize_run reads for `region` of dst.
Rect resize_source(std::span<const ResizeTap> y_taps, std::span<const ResizeTap> x_taps, Rect region);

// dst[n,y,x,c] for (y, x) in `region`. n and c are equal; y_taps has dst.h taps into src.h rows, x_taps dst.w
// into src.w columns, both of `mode`. The memory of src need hold no more than resize_source(region).
void resize_run(const ResizeVariant& variant, ResizeMode mode, std::span<const ResizeTap> y_taps,
                std::span<const ResizeTap> x_taps, View<const float> src, View<float> dst, Rect region,
                int threads);

}  // namespace ink
