#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// dst[p * dst_stride + i] = src[p * src_stride + i],  p < pixels, i < channels. dst does not overlap src.
struct ConcatRow {
  const float* src;
  float* dst;
  int64_t pixels, channels;
  int64_t src_stride, dst_stride;
};

// Serial; allocates nothing; touches only the elements above.
using ConcatKernel = void(const ConcatRow&);
ConcatKernel concat_row_reference;

struct ConcatVariant {
  Isa isa;
  const char* name;
  ConcatKernel* row;
};

// The reference alone: a copy is bound by memory, and libc's memcpy already picks the widest moves that the
// CPU has.
std::span<const ConcatVariant> concat_variants();
const ConcatVariant& choose_concat(Isa limit);

// dst[n,y,x, srcs[0].c + ... + srcs[k-1].c + i] = srcs[k][n,y,x,i] for (y, x) in `region`. n, h and w of all
// maps are equal and the channels of srcs add up to dst.c. An input that is already that slice of dst is left
// alone, so a producer may write straight into it.
void concat_run(const ConcatVariant& variant, std::span<const View<const float>> srcs, View<float> dst,
                Rect region, int threads);

}  // namespace ink
