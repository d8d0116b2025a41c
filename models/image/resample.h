#pragma once

#include <cstdint>

namespace ink {

// Pillow's BICUBIC resize of 8-bit samples, to the bit (from Pillow 13 on except for tall pictures made
// smaller, where it starts with the rows). Per axis, with s = in / out, f = max(s, 1) and centre c = (o +
// 0.5) * s:
//   dst[o] = clip8(sum_i src[i] * weight[i]),  int(c - 2f + 0.5) <= i < int(c + 2f + 0.5), inside the
//   picture, weight[i] = cubic((i - c + 0.5) / f) with a = -0.5, normalised to a sum of 1, rounded to 22
//   fraction bits.
// Columns first, then rows, rounded to 8 bits after each. Channels do not mix: alpha is a channel like any
// other. src is (h, w, channels), dst (oh, ow, channels), both without gaps; sizes are at least 1.
void resize_bicubic(const uint8_t* src, int w, int h, int channels, uint8_t* dst, int ow, int oh,
                    int threads);

// The same of 16 bits, to the bit as well: there Pillow's weights and sums are doubles, rounded half up and
// clamped to 16 bits after each pass.
void resize_bicubic(const uint16_t* src, int w, int h, int channels, uint16_t* dst, int ow, int oh,
                    int threads);

// What resize_bicubic takes beside its pictures.
uint64_t resize_bytes(int h, int channels, int ow, int depth);

}  // namespace ink
