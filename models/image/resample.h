#pragma once

#include <cstdint>

#include "kernels/base/function_ref.h"

namespace ink {

enum class ResizeFilter { nearest, bilinear, bicubic, lanczos, area };

// One axis of a resize: `in` samples become `out`, of which [first, first + count) are wanted.
struct ResizeAxis {
  int in = 0, out = 0, first = 0, count = 0;

  static ResizeAxis whole(int in, int out) { return {in, out, 0, out}; }
};

// The rows of a picture, one at a time: read(y, scratch) gives row y, in `scratch`, which has room for
// scratch_size samples, or elsewhere. Called on several threads at once.
template <class Sample>
struct RowSource {
  FunctionRef<const Sample*(int y, Sample* scratch)> read;
  int64_t scratch_size = 0;
};

// Pillow's resize of 8-bit samples, to the bit (from Pillow 13 on except for tall pictures made smaller,
// where it starts with the rows). Per axis, with s = in / out, f = max(s, 1), the filter's support r
// (bilinear 1, bicubic 2 with a = -0.5, Lanczos 3) and centre c = (o + 0.5) * s:
//   dst[o] = clip8(sum_i src[i] * weight[i]),  int(c - r f + 0.5) <= i < int(c + r f + 0.5), inside the
//   picture, weight[i] = filter((i - c + 0.5) / f), normalised to a sum of 1, rounded to 22 fraction bits.
// Columns first, then rows, rounded to 8 bits after each; an axis that keeps its size is copied. Nearest
// takes int(c), with c summed up step by step. There are 1 to 4 channels, which do not mix: alpha is one like
// any other. `src` gives rows of (x.in, channels); dst is (y.count, x.count, channels) without gaps. Not for
// area.
void resize_pillow(const RowSource<uint8_t>& src, int channels, const ResizeAxis& x, const ResizeAxis& y,
                   ResizeFilter filter, uint8_t* dst, int threads);

// The same of 16 bits, to the bit as well: there Pillow's weights and sums are doubles, rounded half up and
// clamped to 16 bits after each pass.
void resize_pillow(const RowSource<uint16_t>& src, int channels, const ResizeAxis& x, const ResizeAxis& y,
                   ResizeFilter filter, uint16_t* dst, int threads);

// resize_pillow with BICUBIC from src (h, w, channels) to dst (oh, ow, channels), both without gaps.
void resize_bicubic(const uint8_t* src, int w, int h, int channels, uint8_t* dst, int ow, int oh,
                    int threads);
void resize_bicubic(const uint16_t* src, int w, int h, int channels, uint16_t* dst, int ow, int oh,
                    int threads);

// What resize_bicubic takes beside its pictures.
uint64_t resize_bytes(int h, int channels, int ow, int depth);

}  // namespace ink
