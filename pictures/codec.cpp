#include "pictures/codec.h"

#include <libdeflate.h>
#include <png.h>
#include <webp/decode.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <utility>

#include <jpeglib.h>

#include "pictures/colour.h"
#include "pictures/jpeg.h"
#include "pictures/png.h"
#include "pictures/refuse.h"
#include "pictures/webp.h"

namespace ink {
namespace {

struct Codec {
  PictureFormat format;
  std::string_view name;
  Result<PictureShape> (*shape)(ByteSpan, std::string_view, const PictureLimits&);
  Result<Picture> (*decode)(ByteSpan, std::string_view, const PictureLimits&);
  int most_side;
  size_t most_icc, most_exif, most_xmp;
};

// A chunk of PNG or WebP, less some bytes for names.
constexpr size_t kMostChunk = (size_t{1} << 31) - 256;

constexpr Codec kCodecs[] = {
    {PictureFormat::png, "PNG", png_shape, decode_png, INT32_MAX, kMostChunk, kMostChunk, kMostChunk},
    {PictureFormat::jpeg, "JPEG", jpeg_shape, decode_jpeg, kJpegMostSide, kJpegMostIcc, kJpegMostExif,
     kJpegMostXmp},
    {PictureFormat::webp, "WebP", webp_shape, decode_webp, kWebpMostSide, kMostChunk, kMostChunk, kMostChunk},
};

const Codec& codec(PictureFormat format) { return kCodecs[static_cast<size_t>(format)]; }

Error no_picture(ByteSpan file, std::string_view name) {
  return foreign_file(name, "PNG, JPEG or WebP", file);
}

// What is written of a picture's metadata, and what is said about the rest.
class Blocks {
 public:
  Blocks(const Picture& picture, const Codec& codec, bool strip) : codec_(codec) {
    kept.icc = fitting(picture.metadata.icc, codec.most_icc, "colour profile");
    if (!kept.icc.empty()) fit_colours(picture);
    if (strip) {
      kept.icc = {};
    } else {
      kept.exif = fitting(picture.metadata.exif, codec.most_exif, "EXIF data");
      kept.xmp = fitting(picture.metadata.xmp, codec.most_xmp, "XMP data");
    }
  }

  MetadataBlocks kept;
  std::vector<uint16_t> gray_levels;  // see WebpOptions
  std::vector<std::string> notices;

 private:
  ByteSpan fitting(const std::vector<std::byte>& block, size_t most, const std::string& what) {
    if (block.size() <= most) return block;
    notices.push_back("its " + what + " has " + std::to_string(block.size()) + " bytes, too many for " +
                      std::string(codec_.name) + ", and is left out");
    return {};
  }

  void fit_colours(const Picture& picture) {
    const bool gray = is_gray(picture.channels), as_gray = gray && codec_.format != PictureFormat::webp;
    const auto model = profile_model(kept.icc);
    if (model == (as_gray ? ColourModel::gray : ColourModel::rgb)) return;
    if (gray && !as_gray && model == ColourModel::gray) {
      if (auto levels = gray_levels_in_srgb(kept.icc, picture.depth)) gray_levels = std::move(*levels);
    }
    kept.icc = {};
    notices.emplace_back(
        gray_levels.empty()
            ? "its colour profile does not fit what is written and is left out"
            : "its grays became those of sRGB, because WebP has no gray for its colour profile");
  }

  const Codec& codec_;
};

}  // namespace

std::optional<PictureFormat> format_of_file(ByteSpan file) {
  const std::string_view text = as_text(file);
  if (text.starts_with("\x89PNG\r\n\x1a\n")) return PictureFormat::png;
  if (text.starts_with("\xff\xd8\xff")) return PictureFormat::jpeg;
  if (text.size() >= 12 && text.starts_with("RIFF") && text.substr(8, 4) == "WEBP")
    return PictureFormat::webp;
  return std::nullopt;
}

std::optional<PictureFormat> format_of_name(std::string_view name) {
  constexpr std::pair<std::string_view, PictureFormat> kEndings[] = {
      {".png", PictureFormat::png},  {".jpg", PictureFormat::jpeg},  {".jpeg", PictureFormat::jpeg},
      {".jpe", PictureFormat::jpeg}, {".jfif", PictureFormat::jpeg}, {".webp", PictureFormat::webp}};
  std::string ending(name.substr(std::min(name.rfind('.'), name.size())));
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [text, format] : kEndings) {
    if (ending == text) return format;
  }
  return std::nullopt;
}

std::string_view format_name(PictureFormat format) { return codec(format).name; }

Result<PictureShape> picture_shape(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  const auto format = format_of_file(file);
  return format ? codec(*format).shape(file, name, limits) : no_picture(file, name);
}

Result<Picture> decode_picture(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  const auto format = format_of_file(file);
  return format ? codec(*format).decode(file, name, limits) : no_picture(file, name);
}

Status check_writable(std::string_view name, PictureFormat format, int w, int h, int channels) {
  const Codec& wanted = codec(format);
  if (std::max(w, h) > wanted.most_side) {
    return Error{ErrorKind::limit, std::string(name) + ": the picture would have " + std::to_string(w) +
                                       " x " + std::to_string(h) + " pixels, and " +
                                       std::string(wanted.name) + " holds at most " +
                                       std::to_string(wanted.most_side) + " a side; PNG holds more"};
  }
  if (format == PictureFormat::jpeg && has_alpha(channels)) {
    return Error{
        ErrorKind::usage,
        std::string(name) + ": the picture has transparency, and JPEG has none; PNG " + "and WebP keep it"};
  }
  return {};
}

uint64_t encoding_bytes(int w, int h, int channels, int depth, const EncodeOptions& options) {
  constexpr uint64_t kSmallThings = 2 << 20;
  constexpr uint64_t kLossy = 36, kLossless = 40;  // bytes a pixel that libwebp takes for noise, measured
  switch (options.format) {
    case PictureFormat::png:
      return kSmallThings + png_encoding_bytes(w, channels, depth, {options.png_level, options.threads});
    case PictureFormat::jpeg: break;
    case PictureFormat::webp:
      return kSmallThings +
             static_cast<uint64_t>(w) * static_cast<uint64_t>(h) * (options.lossless ? kLossless : kLossy);
  }
  return kSmallThings;
}

Result<std::vector<std::string>> encode_picture(const Picture& picture, const EncodeOptions& options,
                                                std::string_view name, ByteSink sink) {
  INK_TRY_STATUS(check_writable(name, options.format, picture.w, picture.h, picture.channels));
  Blocks blocks(picture, codec(options.format), options.strip);
  if (picture.depth == 16 && options.format != PictureFormat::png) {
    blocks.notices.push_back("its 16 bits a sample became 8, all that " +
                             std::string(format_name(options.format)) + " holds");
  }
  switch (options.format) {
    case PictureFormat::png:
      INK_TRY_STATUS(encode_png(picture, blocks.kept, {options.png_level, options.threads}, sink));
      break;
    case PictureFormat::jpeg: INK_TRY_STATUS(encode_jpeg(picture, blocks.kept, options.quality, sink)); break;
    case PictureFormat::webp:
      INK_TRY_STATUS(encode_webp(picture, blocks.kept,
                                 {options.quality, options.lossless, std::move(blocks.gray_levels)}, sink));
      break;
  }
  return std::move(blocks.notices);
}

std::string picture_library_versions() {
  const auto version = [](int packed) {
    return std::to_string(packed >> 16) + "." + std::to_string((packed >> 8) & 255) + "." +
           std::to_string(packed & 255);
  };
  const auto parts = [](int number) {  // 2001005 is 2.1.5
    return std::to_string(number / 1000000) + "." + std::to_string(number / 1000 % 1000) + "." +
           std::to_string(number % 1000);
  };
  std::string text = std::string("libpng ") + png_get_libpng_ver(nullptr) + ", zlib " + zlibVersion() +
                     ", libdeflate " LIBDEFLATE_VERSION_STRING + ", libjpeg-turbo " +
                     parts(LIBJPEG_TURBO_VERSION_NUMBER) + ", libwebp " + version(WebPGetDecoderVersion());
  if (const std::string colour = colour_library_version(); !colour.empty()) text += ", " + colour;
  return text;
}

}  // namespace ink
