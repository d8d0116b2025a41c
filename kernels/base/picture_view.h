#pragma once

#include <cstddef>
#include <cstdint>

namespace ink {

// Pictures as the program that a network was trained with has them after decoding a file: what the readers of
// files hand to the exact preprocessing of models.

// Whose decoding is followed.
enum class PictureDecoder {
  pillow,       // PIL.Image.open
  tensorflow,   // tf.io.decode_image, channels=3, expand_animations=False
  torchvision,  // torchvision.io.decode_image, ImageReadMode.RGB
};

// Samples of a pixel, interleaved; Pillow's name of the mode. Alpha is not premultiplied.
enum class PixelMode {
  bit,         // "1": one sample, 0 or 255
  gray,        // "L"
  gray_alpha,  // "LA"
  rgb,         // "RGB"
  rgba,        // "RGBA"
  palette,     // "P": one index
  cmyk,        // "CMYK": 255 is full ink
  gray16,      // "I;16"
  rgb16,       // none of Pillow's; torchvision keeps 16 bits
};

constexpr int mode_channels(PixelMode mode) {
  switch (mode) {
    case PixelMode::gray_alpha: return 2;
    case PixelMode::rgb:
    case PixelMode::rgb16: return 3;
    case PixelMode::rgba:
    case PixelMode::cmyk: return 4;
    default: return 1;
  }
}

constexpr bool has_16_bits(PixelMode mode) { return mode == PixelMode::gray16 || mode == PixelMode::rgb16; }

constexpr int kPaletteColours = 256;

// Borrows a picture: rows from the top, without gaps.
struct PictureView {
  int w = 0, h = 0;
  PixelMode mode = PixelMode::rgb;
  const uint8_t* samples = nullptr;     // (h, w, mode_channels)
  const uint16_t* samples16 = nullptr;  // the same of modes of 16 bits, which have no `samples`
  const uint8_t* palette = nullptr;     // (kPaletteColours, 4) RGBA of mode `palette`
};

}  // namespace ink
