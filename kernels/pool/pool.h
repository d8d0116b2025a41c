#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

enum class PoolKind { max, average };

// Padding is never read: a maximum ignores it, an average counts it as zeros where count_include_pad says so.
struct PoolShape {
  PoolKind kind = PoolKind::max;
  int kh = 1, kw = 1, sh = 1, sw = 1;
  int top = 0, left = 0, bottom = 0, right = 0;
  bool count_include_pad = false;
};

// For p < pixels, i < channels, over the window y < rows, x < columns at src + p * src_step:
//   dst[p * dst_stride + i] = max, or sum / divisor, of src[p * src_step + y * row_stride + x * pixel_stride
//   + i].
// The sum is a float that runs through the window row by row; a maximum with a NaN is NaN. The window holds
// at least one pixel; dst does not overlap src.
struct PoolRow {
  const float* src;
  float* dst;
  int64_t pixels, channels;
  int64_t src_step, row_stride, pixel_stride, dst_stride;
  int rows, columns;
  PoolKind kind;
  float divisor;
};

// Serial; allocates nothing; touches only the elements above.
using PoolKernel = void(const PoolRow&);
PoolKernel pool_row_reference, pool_row_sse42, pool_row_avx2, pool_row_avx512;

struct PoolVariant {
  Isa isa;
  const char* name;
  PoolKernel* row;
};

// Best first, reference last.
std::span<const PoolVariant> pool_variants();
const PoolVariant& choose_pool(Isa limit);

// The part of an (h, w) map that pool_run reads for `region` of dst.
Rect pool_source(const PoolShape& shape, int h, int w, Rect region);

// dst[n,y,x,c] = max or mean of src[n, y * sh - top + r, x * sw - left + s, c] over r < kh, s < kw, for (y,
// x) in `region`. n and c are equal. Whether dst.h and dst.w were rounded down or up is the caller's choice,
// but every window must reach a pixel of the map. An average divides by the pixels of the window that lie in
// the map, with count_include_pad by those that lie in the padded map (as torch does). The memory of src need
// hold no more than pool_source(region).
void pool_run(const PoolVariant& variant, const PoolShape& shape, View<const float> src, View<float> dst,
              Rect region, int threads);

}  // namespace ink
