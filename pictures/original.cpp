#include "pictures/original.h"

#include <algorithm>
#include <utility>

#include "pictures/channels.h"
#include "pictures/codec.h"
#include "pictures/jpeg.h"
#include "pictures/png.h"
#include "pictures/png_chunks.h"
#include "pictures/refuse.h"
#include "pictures/webp.h"

namespace ink {
namespace {

OriginalPicture of_mode(Picture picture, PixelMode mode) {
  return {picture.w, picture.h, mode, std::move(picture.pixels), std::move(picture.pixels16)};
}

// 16 bits become 8 as in libpng's png_set_strip_16 and Pillow's unpackers, which TensorFlow and Pillow use.
void keep_high_bytes(Picture& picture) {
  picture.pixels.resize(picture.pixels16.size());
  std::ranges::transform(picture.pixels16, picture.pixels.begin(),
                         [](uint16_t v) { return static_cast<uint8_t>(v >> 8); });
  picture.pixels16 = {};
  picture.depth = 8;
}

// Gray and alpha to R, G, B, A.
std::vector<uint8_t> with_gray_three_times(const std::vector<uint8_t>& src) {
  std::vector<uint8_t> dst(src.size() * 2);
  for (size_t i = 0, o = 0; i < src.size(); i += 2, o += 4) {
    dst[o] = dst[o + 1] = dst[o + 2] = src[i];
    dst[o + 3] = src[i + 1];
  }
  return dst;
}

OriginalPicture png_as_pillow(StoredPng stored) {
  Picture& picture = stored.picture;
  if (stored.colour_type == kPngPalette) {
    OriginalPicture original = of_mode(std::move(picture), PixelMode::palette);
    original.palette = std::move(stored.palette);
    return original;
  }
  if (picture.channels == 1 && stored.bits == 16) return of_mode(std::move(picture), PixelMode::gray16);
  if (picture.depth == 16) keep_high_bytes(picture);
  if (picture.channels == 2 && stored.bits == 16) {
    picture.pixels = with_gray_three_times(picture.pixels);  // Pillow has no LA for them
    picture.channels = 4;
  }
  constexpr PixelMode kModes[] = {PixelMode::gray, PixelMode::gray_alpha, PixelMode::rgb, PixelMode::rgba};
  const PixelMode mode = stored.bits == 1 ? PixelMode::bit : kModes[picture.channels - 1];
  return of_mode(std::move(picture), mode);
}

OriginalPicture png_as_rgb(StoredPng stored, bool keep_16) {
  Picture& picture = stored.picture;
  if (picture.depth == 16 && !keep_16) keep_high_bytes(picture);
  if (stored.colour_type == kPngPalette) {
    std::vector<uint8_t> colours;
    colours.reserve(picture.pixels.size() * 3);
    for (const uint8_t index : picture.pixels) {
      const uint8_t* colour = &stored.palette[size_t{index} * 4];
      colours.insert(colours.end(), colour, colour + 3);
    }
    picture.pixels = std::move(colours);
    picture.channels = 3;
  }
  picture = to_rgb(std::move(picture));
  const PixelMode mode = picture.depth == 16 ? PixelMode::rgb16 : PixelMode::rgb;
  return of_mode(std::move(picture), mode);
}

// TensorFlow's own arithmetic, on what the file has: 255 is no ink where Adobe wrote it.
std::vector<uint8_t> cmyk_as_tensorflow(const StoredJpeg& stored) {
  std::vector<uint8_t> rgb;
  rgb.reserve(stored.samples.size() / 4 * 3);
  for (size_t i = 0; i < stored.samples.size(); i += 4) {
    for (size_t c = 0; c < 3; ++c) {
      const int ink = stored.samples[i + c], black = stored.samples[i + 3];
      rgb.push_back(static_cast<uint8_t>((stored.adobe ? black * ink : (255 - black) * (255 - ink)) / 255));
    }
  }
  return rgb;
}

// Pillow takes every CMYK file as inverted, and torchvision does the same arithmetic on it.
std::vector<uint8_t> cmyk_as_torchvision(const StoredJpeg& stored) {
  std::vector<uint8_t> rgb;
  rgb.reserve(stored.samples.size() / 4 * 3);
  for (size_t i = 0; i < stored.samples.size(); i += 4) {
    const int light = stored.samples[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      const int product = (255 - stored.samples[i + c]) * light + 128;
      const int taken = ((product >> 8) + product) >> 8;
      rgb.push_back(static_cast<uint8_t>(std::clamp(light - taken, 0, 255)));
    }
  }
  return rgb;
}

OriginalPicture jpeg_as(PictureDecoder decoder, StoredJpeg stored) {
  OriginalPicture picture{stored.w, stored.h};
  if (decoder == PictureDecoder::pillow) {
    picture.mode = stored.channels == 4   ? PixelMode::cmyk
                   : stored.channels == 1 ? PixelMode::gray
                                          : PixelMode::rgb;
    if (stored.channels == 4) {
      std::ranges::transform(stored.samples, stored.samples.begin(),
                             [](uint8_t v) { return static_cast<uint8_t>(255 - v); });
    }
    picture.samples = std::move(stored.samples);
  } else if (stored.channels == 4) {
    picture.samples =
        decoder == PictureDecoder::tensorflow ? cmyk_as_tensorflow(stored) : cmyk_as_torchvision(stored);
  } else {
    picture.samples = to_rgb({stored.w, stored.h, stored.channels, std::move(stored.samples)}).pixels;
  }
  return picture;
}

}  // namespace

Result<OriginalPicture> decode_original(ByteSpan file, std::string_view name, PictureDecoder decoder,
                                        const PictureLimits& limits) {
  const bool pillow = decoder == PictureDecoder::pillow;
  const auto format = format_of_file(file);
  if (!format) return foreign_file(name, "PNG, JPEG or WebP", file);
  switch (*format) {
    case PictureFormat::png: {
      INK_TRY(StoredPng stored, decode_stored_png(file, name, limits));
      if (pillow) return png_as_pillow(std::move(stored));
      return png_as_rgb(std::move(stored), decoder == PictureDecoder::torchvision);
    }
    case PictureFormat::jpeg: {
      const JpegDct dct = decoder == PictureDecoder::tensorflow ? JpegDct::fast : JpegDct::accurate;
      INK_TRY(StoredJpeg stored, decode_stored_jpeg(file, name, dct, limits));
      return jpeg_as(decoder, std::move(stored));
    }
    case PictureFormat::webp: break;
  }
  INK_TRY(Picture picture, decode_stored_webp(file, name, limits));
  const bool alpha = pillow && picture.channels == 4;
  if (!alpha) picture = to_rgb(std::move(picture));
  return of_mode(std::move(picture), alpha ? PixelMode::rgba : PixelMode::rgb);
}

}  // namespace ink
