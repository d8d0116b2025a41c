#include "pictures/png.h"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "pictures/png_chunks.h"

namespace ink {
namespace {

// libpng leaves by longjmp, which runs no destructor. So every function between setjmp and libpng, callbacks
// included, holds only trivial objects; whatever owns memory lives in the callers of read_pixels and
// write_pixels.

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
  const std::span<const std::byte>* part;
  const std::span<const std::byte>* end;
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

void read_rows(png_structp png, png_infop info, Source* source, uint8_t* pixels, int h, size_t row_bytes) {
  png_set_read_fn(png, source, read_bytes);
  // Data that is complete and yet contradicts itself is refused as well: what was saved is not known.
  png_set_benign_errors(png, 0);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // outline_png has checked the size
  png_read_info(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "the header contradicts itself");
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < h; ++y) png_read_row(png, pixels + static_cast<size_t>(y) * row_bytes, nullptr);
  }
  png_read_end(png, nullptr);
}

bool read_pixels(Message* message, Source* source, uint8_t* pixels, int h, size_t row_bytes) {
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
  read_rows(png, info, source, pixels, h, row_bytes);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

// Collects libpng's many small writes. The sink may fail or throw; both are kept until libpng has been left.
class Gather {
 public:
  explicit Gather(ByteSink sink) : sink_(sink) { pending_.reserve(kBlock); }

  bool add(const std::byte* bytes, size_t count) noexcept {
    while (count > 0) {
      const size_t step = std::min(count, kBlock - pending_.size());
      pending_.insert(pending_.end(), bytes, bytes + step);
      bytes += step;
      count -= step;
      if (pending_.size() == kBlock && !flush()) return false;
    }
    return true;
  }

  bool flush() noexcept {
    try {
      if (status_.ok() && !pending_.empty()) status_ = sink_(pending_);
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
    pending_.clear();
    return status_.ok();
  }

  bool failed() const { return thrown_ != nullptr || !status_.ok(); }
  Status status() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    return status_;
  }

 private:
  static constexpr size_t kBlock = 1 << 16;
  ByteSink sink_;
  std::vector<std::byte> pending_;  // never beyond its reserve
  Status status_;
  std::exception_ptr thrown_;
};

void write_bytes(png_structp png, png_bytep src, size_t count) {
  auto* gather = static_cast<Gather*>(png_get_io_ptr(png));
  if (!gather->add(reinterpret_cast<const std::byte*>(src), count)) png_error(png, "the sink failed");
}

void flush_nothing(png_structp) {}

struct Rows {
  const uint8_t* pixels;
  int w, h, channels, level;
};

void write_rows(png_structp png, png_infop info, Gather* gather, const Rows* rows) {
  constexpr int kColourTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                  PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_write_fn(png, gather, write_bytes, flush_nothing);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_compression_level(png, rows->level);
  png_set_IHDR(png, info, static_cast<png_uint_32>(rows->w), static_cast<png_uint_32>(rows->h), 8,
               kColourTypes[rows->channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const size_t row_bytes = static_cast<size_t>(rows->w) * static_cast<size_t>(rows->channels);
  for (int y = 0; y < rows->h; ++y) png_write_row(png, rows->pixels + static_cast<size_t>(y) * row_bytes);
  png_write_end(png, info);
}

bool write_pixels(Message* message, Gather* gather, const Rows* rows) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_write_struct(&png, nullptr);
    keep_message(message, "libpng could not be set up");
    return false;
  }
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  write_rows(png, info, gather, rows);
  png_destroy_write_struct(&png, &info);
  return true;
}

}  // namespace

Result<PictureShape> png_shape(std::span<const std::byte> file, std::string_view name,
                               const PictureLimits& limits) {
  INK_TRY(const PngOutline outline, outline_png(file, name, limits));
  return PictureShape{outline.w, outline.h, outline.channels};
}

Result<Picture> decode_png(std::span<const std::byte> file, std::string_view name,
                           const PictureLimits& limits) {
  INK_TRY(const PngOutline outline, outline_png(file, name, limits));
  const size_t row_bytes = static_cast<size_t>(outline.w) * static_cast<size_t>(outline.channels);
  Picture picture{outline.w, outline.h, outline.channels, {}};
  picture.pixels.resize(row_bytes * static_cast<size_t>(outline.h));

  Message message{};
  Source source{outline.parts.data(), outline.parts.data() + outline.parts.size(), 0};
  if (!read_pixels(&message, &source, picture.pixels.data(), picture.h, row_bytes)) {
    return Error{ErrorKind::bad_input, std::string(name) + ": broken PNG: " + message.text};
  }
  return picture;
}

Status encode_png(const Picture& picture, const PngOptions& options, ByteSink sink) {
  INK_CHECK(picture.w > 0 && picture.h > 0 && picture.channels >= 1 && picture.channels <= 4);
  INK_CHECK(picture.pixels.size() == static_cast<size_t>(picture.w) * static_cast<size_t>(picture.h) *
                                         static_cast<size_t>(picture.channels));
  Message message{};
  Gather gather(sink);
  const Rows rows{picture.pixels.data(), picture.w, picture.h, picture.channels, options.level};
  const bool written = write_pixels(&message, &gather, &rows) && gather.flush();
  if (gather.failed()) return gather.status();
  if (!written) return Error{ErrorKind::io, std::string("a PNG could not be written: ") + message.text};
  return {};
}

std::string picture_library_versions() {
  return std::string("libpng ") + png_get_libpng_ver(nullptr) + ", zlib " + zlibVersion();
}

}  // namespace ink
