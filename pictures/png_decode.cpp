#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstring>
#include <string>

#include "kernels/base/picture_view.h"
#include "pictures/finish.h"
#include "pictures/metadata.h"
#include "pictures/png.h"
#include "pictures/png_chunks.h"
#include "pictures/refuse.h"

namespace ink {
namespace {

// libpng leaves by longjmp, which runs no destructor. So every function between setjmp and libpng, callbacks
// included, holds only trivial objects; whatever owns memory lives in the caller of read_pixels.

struct Message {
  char text[160];
};

void keep_message(Message* message, const char* text) {
  std::strncpy(message->text, text, sizeof message->text - 1);
  message->text[sizeof message->text - 1] = '\0';
}

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  keep_message(static_cast<Message*>(png_get_error_ptr(png)), text);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

struct Source {
  const ByteSpan* part;
  const ByteSpan* end;
  size_t offset;  // in *part
};

void read_bytes(png_structp png, png_bytep dst, size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  while (count > 0) {
    if (source->part == source->end) png_error(png, "the compressed pixels end too early");
    const size_t step = std::min(count, source->part->size() - source->offset);
    std::memcpy(dst, source->part->data() + source->offset, step);
    dst += step;
    count -= step;
    source->offset += step;
    if (source->offset == source->part->size()) {
      ++source->part;
      source->offset = 0;
    }
  }
}

// What stands between setjmp and the rows; trivial.
struct Target {
  size_t h, row_samples;
  uint8_t* palette;  // of 256 x RGBA, for the numbers that are stored; nullptr: everything is expanded
};

void read_palette(png_structp png, png_infop info, uint8_t* dst) {
  png_colorp colours = nullptr;
  png_bytep alphas = nullptr;
  int count = 0, alpha_count = 0;
  if (png_get_PLTE(png, info, &colours, &count) == 0) return;
  for (int i = 0; i < count; ++i) {
    dst[4 * i] = colours[i].red;
    dst[4 * i + 1] = colours[i].green;
    dst[4 * i + 2] = colours[i].blue;
  }
  if (png_get_tRNS(png, info, &alphas, &alpha_count, nullptr) == 0) return;
  for (int i = 0; i < alpha_count; ++i) dst[4 * i + 3] = alphas[i];
}

void set_transforms(png_structp png, png_infop info, const Target* target) {
  if (target->palette == nullptr) {
    png_set_expand(png);
  } else if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(png);
    png_set_check_for_invalid_index(png, 0);
    read_palette(png, info, target->palette);
  } else if (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY) {
    png_set_expand_gray_1_2_4_to_8(png);
  }
}

template <class Samples>
void read_rows(png_structp png, png_infop info, Source* source, Samples* samples, const Target* target) {
  const size_t h = target->h, row_samples = target->row_samples;
  constexpr size_t kSampleBytes = sizeof(typename Samples::value_type);
  png_set_read_fn(png, source, read_bytes);
  // Data that is complete and yet contradicts itself is refused as well: what was saved is not known.
  png_set_benign_errors(png, 0);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // outline_png has checked the size
  png_read_info(png, info);
  set_transforms(png, info, target);
  if (kSampleBytes == 2 && std::endian::native == std::endian::little) png_set_swap(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != row_samples * kSampleBytes) {
    png_error(png, "the header contradicts itself");
  }
  if (passes > 1) samples->resize(h * row_samples);
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t y = 0; y < h; ++y) {
      // Within what is reserved: rows that never come cost no memory.
      if (passes == 1) samples->resize((y + 1) * row_samples);
      png_read_row(png, reinterpret_cast<png_bytep>(samples->data() + y * row_samples), nullptr);
    }
  }
  png_read_end(png, nullptr);
}

template <class Samples>
bool read_pixels(Message* message, Source* source, Samples* samples, const Target* target) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    keep_message(message, "libpng could not be set up");
    return false;
  }
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  read_rows(png, info, source, samples, target);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

// Fills the samples of a picture whose shape is known.
Status read_samples(const PngOutline& outline, std::string_view name, uint8_t* palette, Picture& picture) {
  Message message{};
  Source source{outline.parts.data(), outline.parts.data() + outline.parts.size(), 0};
  const Target target{static_cast<size_t>(picture.h),
                      static_cast<size_t>(picture.w) * static_cast<size_t>(picture.channels), palette};
  const bool read = visit_samples(picture, [&](auto& samples) {
    samples.reserve(sample_count(picture));
    return read_pixels(&message, &source, &samples, &target);
  });
  return read ? Status() : broken_picture(name, "PNG", message.text);
}

// An iCCP chunk: a name, 0, the method 0, the profile as a zlib stream.
std::vector<std::byte> profile_of(ByteSpan chunk, const PictureLimits& limits, Picture& picture) {
  if (chunk.empty()) return {};
  const size_t name = as_text(chunk).find('\0');
  std::optional<std::vector<std::byte>> icc;
  if (name < chunk.size() - 1 && chunk[name + 1] == std::byte{0}) {
    icc = inflate_block(chunk.subspan(name + 2), limits.metadata_bytes);
  }
  if (!icc) picture.notices.emplace_back("its colour profile is broken or too large and is left out");
  return icc ? std::move(*icc) : std::vector<std::byte>();
}

// An iTXt chunk: keyword, 0, whether it is packed, the method 0, a language, 0, the keyword in it, 0, the
// text.
std::vector<std::byte> xmp_of(ByteSpan chunk, const PictureLimits& limits, Picture& picture) {
  if (chunk.empty()) return {};
  const std::string_view body = as_text(chunk);
  const size_t flags = body.find('\0') + 1;
  const size_t language = body.find('\0', flags + 2);
  const size_t keyword = language == body.npos ? body.npos : body.find('\0', language + 1);
  std::optional<std::vector<std::byte>> text;
  if (keyword != body.npos) {
    const ByteSpan rest = chunk.subspan(keyword + 1);
    if (body[flags] == 0) {
      if (rest.size() <= limits.metadata_bytes) text = copy_block(rest);
    } else {
      text = inflate_block(rest, limits.metadata_bytes);
    }
  }
  if (!text) picture.notices.emplace_back("its XMP data is broken or too large and is left out");
  return text ? std::move(*text) : std::vector<std::byte>();
}

}  // namespace

Result<PictureShape> png_shape(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const PngOutline outline, outline_png(file, name, limits));
  return finished_shape({outline.w, outline.h, outline.channels, outline.depth}, outline.exif);
}

Result<Picture> decode_png(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const PngOutline outline, outline_png(file, name, limits));
  Picture picture{outline.w, outline.h, outline.channels, {}, outline.depth};
  INK_TRY_STATUS(read_samples(outline, name, nullptr, picture));
  if (outline.animated) picture.notices.emplace_back("it is animated, and only its first picture is read");
  picture.metadata.icc = profile_of(outline.iccp, limits, picture);
  picture.metadata.xmp = xmp_of(outline.xmp, limits, picture);
  return finish_picture(std::move(picture), outline.exif);
}

Result<StoredPng> decode_stored_png(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const PngOutline outline, outline_png(file, name, limits));
  StoredPng stored{{outline.w, outline.h, png_samples(outline.colour_type), {}, outline.depth},
                   outline.colour_type,
                   outline.bits,
                   std::vector<uint8_t>(kPaletteColours * 4)};
  for (size_t i = 3; i < stored.palette.size(); i += 4) stored.palette[i] = 255;
  INK_TRY_STATUS(read_samples(outline, name, stored.palette.data(), stored.picture));
  return stored;
}

}  // namespace ink
