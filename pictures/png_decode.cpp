#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstring>
#include <string>

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

template <class Samples>
void read_rows(png_structp png, png_infop info, Source* source, Samples* samples, size_t h,
               size_t row_samples) {
  constexpr size_t kSampleBytes = sizeof(typename Samples::value_type);
  png_set_read_fn(png, source, read_bytes);
  // Data that is complete and yet contradicts itself is refused as well: what was saved is not known.
  png_set_benign_errors(png, 0);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // outline_png has checked the size
  png_read_info(png, info);
  png_set_expand(png);
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
bool read_pixels(Message* message, Source* source, Samples* samples, size_t h, size_t row_samples) {
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
  read_rows(png, info, source, samples, h, row_samples);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
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
  Message message{};
  Source source{outline.parts.data(), outline.parts.data() + outline.parts.size(), 0};
  const bool read = visit_samples(picture, [&](auto& samples) {
    samples.reserve(sample_count(picture));
    return read_pixels(&message, &source, &samples, static_cast<size_t>(picture.h),
                       static_cast<size_t>(picture.w) * static_cast<size_t>(picture.channels));
  });
  if (!read) return broken_picture(name, "PNG", message.text);
  if (outline.animated) picture.notices.emplace_back("it is animated, and only its first picture is read");
  picture.metadata.icc = profile_of(outline.iccp, limits, picture);
  picture.metadata.xmp = xmp_of(outline.xmp, limits, picture);
  return finish_picture(std::move(picture), outline.exif);
}

}  // namespace ink
