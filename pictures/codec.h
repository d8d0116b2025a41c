#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "pictures/picture.h"
#include "pictures/sink.h"

namespace ink {

// Picture files, held in memory. Reading goes by what a file holds, never by its name; `name` stands in
// messages. Writing goes by the caller's choice.

// The format of a file by its first bytes.
std::optional<PictureFormat> format_of_file(ByteSpan file);
// The format that a file name asks for: .png, .jpg, .jpeg, .jpe, .jfif, .webp, in either case.
std::optional<PictureFormat> format_of_name(std::string_view name);
// "PNG", "JPEG", "WebP".
std::string_view format_name(PictureFormat format);

// Reads PNG, JPEG and WebP into gray or RGB, with alpha where the file has it. The structure of the whole
// file is checked first, so that a refusal costs little more memory than the file. The EXIF orientation is
// applied; CMYK becomes sRGB. picture_shape says what decode_picture will give, and is as strict about
// everything but the compressed data. Errors: limit where the picture is over `limits`, bad_input for
// anything else.
Result<PictureShape> picture_shape(ByteSpan file, std::string_view name, const PictureLimits& limits);
Result<Picture> decode_picture(ByteSpan file, std::string_view name, const PictureLimits& limits);

struct EncodeOptions {
  PictureFormat format = PictureFormat::png;
  int quality = 95;       // JPEG and WebP, 1 to 100
  bool lossless = false;  // WebP
  int png_level = 6;      // 0 to 9
  bool strip = false;     // leave EXIF, XMP and the colour profile out
  int threads = 1;
};

// Whether the format can hold a picture of that shape; worth asking before the work. `name` is the file to
// be. Errors: limit for its size, usage for alpha in JPEG.
Status check_writable(std::string_view name, PictureFormat format, int w, int h, int channels);

// About what encode_picture will take at most beside the picture; WebP is held whole several times.
uint64_t encoding_bytes(int w, int h, int channels, int depth, const EncodeOptions& options);

// Writes a picture to `sink`, in order, and gives what had to be changed or left out, in sentences like
// Picture::notices. 16 bits stay 16 in PNG and are rounded to 8 elsewhere; gray becomes RGB in WebP, which
// has no gray. The same picture and options give the same bytes, whatever the number of threads. Errors:
// those of check_writable and of the sink.
Result<std::vector<std::string>> encode_picture(const Picture& picture, const EncodeOptions& options,
                                                std::string_view name, ByteSink sink);

// "libpng 1.6.39, zlib 1.2.13, ...": those that run.
std::string picture_library_versions();

}  // namespace ink
