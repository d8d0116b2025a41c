#include "models/image/rgb_rows.h"

#include <algorithm>

#include "kernels/base/check.h"

namespace ink {
namespace {

// v / 255 to the nearest, for v up to 255 * 255.
int over_255(int v) {
  v += 128;
  return ((v >> 8) + v) >> 8;
}

// Pillow's alpha_composite on white keeps 7 more bits.
uint8_t over_white(int colour, int alpha) {
  constexpr int kBits = 7;
  if (alpha == 0) return 255;
  const int mixed = (colour * alpha + 255 * (255 - alpha)) * (1 << kBits) + (0x80 << kBits);
  return static_cast<uint8_t>((((mixed >> 8) + mixed) >> 8) >> kBits);
}

// For each of w pixels of `channels` samples, put(pixel, dst).
template <int kChannels, class Sample, class Put>
void each_pixel(const Sample* src, int w, uint8_t* dst, Put put) {
  for (int x = 0; x < w; ++x) put(src + x * kChannels, dst + 3 * x);
}

void set_gray(uint8_t* dst, uint8_t level) { dst[0] = dst[1] = dst[2] = level; }

}  // namespace

const uint8_t* rgb_row(const PictureView& src, AlphaRule alpha, int y, uint8_t* scratch) {
  const int w = src.w;
  const bool white = alpha == AlphaRule::white;
  const int64_t offset = int64_t{y} * w * mode_channels(src.mode);
  const bool deep = has_16_bits(src.mode);
  const uint8_t* row = deep ? nullptr : src.samples + offset;
  const uint16_t* row16 = deep ? src.samples16 + offset : nullptr;
  switch (src.mode) {
    case PixelMode::rgb: return row;
    case PixelMode::bit:
    case PixelMode::gray:
      each_pixel<1>(row, w, scratch, [](const uint8_t* p, uint8_t* dst) { set_gray(dst, *p); });
      break;
    case PixelMode::gray_alpha:
      each_pixel<2>(row, w, scratch, [&](const uint8_t* p, uint8_t* dst) {
        set_gray(dst, white ? over_white(p[0], p[1]) : p[0]);
      });
      break;
    case PixelMode::rgba:
      each_pixel<4>(row, w, scratch, [&](const uint8_t* p, uint8_t* dst) {
        for (int c = 0; c < 3; ++c) dst[c] = white ? over_white(p[c], p[3]) : p[c];
      });
      break;
    case PixelMode::palette:
      INK_CHECK(src.palette != nullptr);
      each_pixel<1>(row, w, scratch, [&](const uint8_t* p, uint8_t* dst) {
        const uint8_t* colour = src.palette + 4 * *p;
        for (int c = 0; c < 3; ++c) dst[c] = white ? over_white(colour[c], colour[3]) : colour[c];
      });
      break;
    case PixelMode::cmyk:
      each_pixel<4>(row, w, scratch, [](const uint8_t* p, uint8_t* dst) {
        const int light = 255 - p[3];
        for (int c = 0; c < 3; ++c)
          dst[c] = static_cast<uint8_t>(std::max(light - over_255(p[c] * light), 0));
      });
      break;
    case PixelMode::gray16:
      each_pixel<1>(row16, w, scratch, [](const uint16_t* p, uint8_t* dst) {
        set_gray(dst, static_cast<uint8_t>(std::min<int>(*p, 255)));
      });
      break;
    case PixelMode::rgb16:
      each_pixel<3>(row16, w, scratch, [](const uint16_t* p, uint8_t* dst) {
        for (int c = 0; c < 3; ++c) dst[c] = static_cast<uint8_t>(p[c] >> 8);
      });
      break;
  }
  return scratch;
}

const uint8_t* premultiplied_row(const PictureView& src, int y, uint8_t* scratch) {
  const int channels = mode_channels(src.mode);
  const uint8_t* pixel = src.samples + int64_t{y} * src.w * channels;
  for (int x = 0; x < src.w; ++x, pixel += channels) {
    uint8_t* dst = scratch + x * channels;
    for (int c = 0; c < channels - 1; ++c)
      dst[c] = static_cast<uint8_t>(over_255(pixel[c] * pixel[channels - 1]));
    dst[channels - 1] = pixel[channels - 1];
  }
  return scratch;
}

void undo_premultiplied(uint8_t* samples, int64_t pixels, int channels) {
  for (int64_t i = 0; i < pixels; ++i, samples += channels) {
    const int alpha = samples[channels - 1];
    if (alpha == 0 || alpha == 255) continue;
    for (int c = 0; c < channels - 1; ++c) {
      samples[c] = static_cast<uint8_t>(std::min(255 * samples[c] / alpha, 255));
    }
  }
}

}  // namespace ink
