#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// What stands outside the map: zeros; its mirror image without repeating the edge (period 2(n - 1), for any
// amount, and n = 1 repeats: numpy.pad(mode="reflect")); or its nearest pixel.
enum class PadMode { zero, reflect, edge };

constexpr const char* pad_mode_name(PadMode mode) {
  switch (mode) {
    case PadMode::zero: return "zero";
    case PadMode::reflect: return "reflect";
    case PadMode::edge: return "edge";
  }
  return "?";
}

// dst[p * dst_stride + i] = src[p * src_stride + i],  p < pixels, i < channels; zero where src is null.
// src_stride may be 0 (one pixel repeated) or negative (mirrored). dst does not overlap src.
struct PadRow {
  const float* src;
  float* dst;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
};

// Serial; allocates nothing; touches only the elements above.
using PadKernel = void(const PadRow&);
PadKernel pad_row_reference;

struct PadVariant {
  Isa isa;
  const char* name;
  PadKernel* row;
};

// The reference alone: nearly every row is one long memcpy, and libc's already picks the widest moves that
// the CPU has.
std::span<const PadVariant> pad_variants();
const PadVariant& choose_pad(Isa limit);

// The index in [0, size) that index i of the padded axis shows, or -1 for a zero. i counts from the map's
// origin.
int pad_index(PadMode mode, int i, int size);

// The part of an (h, w) map that pad_run reads for `region` of dst; empty where all of it is zeros.
Rect pad_source(PadMode mode, int top, int left, int h, int w, Rect region);

// dst[n,y,x,c] = src[n, y - top, x - left, c], outside src as `mode` says, for (y, x) in `region`. n and c
// are equal; the padding at the bottom and the right is what dst.h and dst.w leave. Negative padding crops.
// The memory of src need hold no more than pad_source(region).
void pad_run(const PadVariant& variant, PadMode mode, int top, int left, View<const float> src,
             View<float> dst, Rect region, int threads);

}  // namespace ink
