#include <webp/decode.h>

#include <string>

#include "pictures/finish.h"
#include "pictures/metadata.h"
#include "pictures/refuse.h"
#include "pictures/webp.h"
#include "pictures/webp_chunks.h"

namespace ink {
namespace {

// libwebp's own memory, which costs nothing until it is written: what a broken file only claims stays free.
class Decoded {
 public:
  Decoded() { WebPInitDecoderConfig(&config_); }
  ~Decoded() { WebPFreeDecBuffer(&config_.output); }
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;

  VP8StatusCode decode(const WebpOutline& outline) {
    config_.output.colorspace = outline.alpha ? MODE_RGBA : MODE_RGB;
    return WebPDecode(reinterpret_cast<const uint8_t*>(outline.riff.data()), outline.riff.size(), &config_);
  }
  const WebPRGBABuffer& pixels() const { return config_.output.u.RGBA; }

 private:
  WebPDecoderConfig config_{};
};

Result<Picture> read_pixels(const WebpOutline& outline, std::string_view name) {
  Picture picture{outline.w, outline.h, outline.alpha ? 4 : 3};
  Decoded decoded;
  const VP8StatusCode status = decoded.decode(outline);
  if (status == VP8_STATUS_OUT_OF_MEMORY) {
    return Error{ErrorKind::limit, std::string(name) + ": there is not enough memory to decode it"};
  }
  if (status != VP8_STATUS_OK) {
    return broken_picture(name, "WebP", "its compressed pixels are damaged or too few");
  }
  const WebPRGBABuffer& rows = decoded.pixels();
  const size_t row_bytes = static_cast<size_t>(picture.w) * static_cast<size_t>(picture.channels);
  picture.pixels.reserve(sample_count(picture));
  for (int y = 0; y < picture.h; ++y) {
    const uint8_t* row = rows.rgba + static_cast<ptrdiff_t>(y) * rows.stride;
    picture.pixels.insert(picture.pixels.end(), row, row + row_bytes);
  }
  return picture;
}

}  // namespace

Result<PictureShape> webp_shape(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const WebpOutline outline, outline_webp(file, name, limits));
  const uint64_t pixels = static_cast<uint64_t>(outline.w) * static_cast<uint64_t>(outline.h);
  return finished_shape({outline.w, outline.h, outline.alpha ? 4 : 3, 8, pixels * 4}, outline.exif);
}

Result<Picture> decode_webp(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const WebpOutline outline, outline_webp(file, name, limits));
  INK_TRY(Picture picture, read_pixels(outline, name));
  picture.metadata.icc = copy_block(outline.icc);
  picture.metadata.xmp = copy_block(outline.xmp);
  return finish_picture(std::move(picture), outline.exif);
}

Result<Picture> decode_stored_webp(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const WebpOutline outline, outline_webp(file, name, limits));
  return read_pixels(outline, name);
}

}  // namespace ink
