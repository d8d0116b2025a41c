#include <algorithm>
#include <optional>
#include <string>

#include "pictures/colour.h"
#include "pictures/finish.h"
#include "pictures/jpeg.h"
#include "pictures/jpeg_error.h"
#include "pictures/jpeg_markers.h"
#include "pictures/metadata.h"
#include "pictures/refuse.h"

namespace ink {
namespace {

// Hands libjpeg one part of the file after the other.
struct Source {
  jpeg_source_mgr manager;  // first: libjpeg hands out its address
  const ByteSpan* part;
  const ByteSpan* end;
};

void begin_source(j_decompress_ptr) {}
void end_source(j_decompress_ptr) {}

boolean next_part(j_decompress_ptr info) {
  static constexpr JOCTET kEnd[] = {0xff, JPEG_EOI};
  auto* source = reinterpret_cast<Source*>(info->src);
  if (source->part == source->end) {
    WARNMS(info, JWRN_JPEG_EOF);
    source->manager.next_input_byte = kEnd;
    source->manager.bytes_in_buffer = sizeof kEnd;
    return TRUE;
  }
  source->manager.next_input_byte = reinterpret_cast<const JOCTET*>(source->part->data());
  source->manager.bytes_in_buffer = source->part->size();
  ++source->part;
  return TRUE;
}

void skip_bytes(j_decompress_ptr info, long count) {
  jpeg_source_mgr* source = info->src;
  while (count > 0) {
    if (source->bytes_in_buffer == 0) next_part(info);
    const size_t step = std::min(static_cast<size_t>(count), source->bytes_in_buffer);
    source->next_input_byte += step;
    source->bytes_in_buffer -= step;
    count -= static_cast<long>(step);
  }
}

// What stands between setjmp and the rows; trivial.
struct Target {
  std::vector<uint8_t>* pixels;  // of h rows
  size_t h, row_samples;
  J_DCT_METHOD dct;
  uint8_t* cmyk_row;  // nullptr where no CMYK is to be made RGB
  const CmykRows* cmyk;
  bool* adobe;
};

void read_rows(jpeg_decompress_struct* info, Source* source, const Target* target) {
  jpeg_create_decompress(info);
  info->src = &source->manager;
  jpeg_read_header(info, TRUE);
  if (info->num_components == 4) info->out_color_space = JCS_CMYK;
  if (info->num_components == 3) info->out_color_space = JCS_RGB;
  if (info->num_components == 1) info->out_color_space = JCS_GRAYSCALE;
  info->dct_method = target->dct;
  *target->adobe = info->saw_Adobe_marker != 0;
  jpeg_start_decompress(info);
  const auto channels = static_cast<size_t>(target->cmyk_row != nullptr ? 3 : info->num_components);
  if (info->output_height != target->h || info->output_width * channels != target->row_samples) {
    ERREXIT(info, JERR_BAD_LENGTH);  // cannot be: the outline has read the same header
  }
  while (info->output_scanline < info->output_height) {
    // Within what is reserved: rows that never come cost no memory.
    const size_t done = info->output_scanline * target->row_samples;
    target->pixels->resize(done + target->row_samples);
    uint8_t* dst = target->pixels->data() + done;
    JSAMPROW row = target->cmyk_row != nullptr ? target->cmyk_row : dst;
    jpeg_read_scanlines(info, &row, 1);
    if (target->cmyk_row != nullptr) target->cmyk->to_rgb(row, dst, info->output_width);
  }
  jpeg_finish_decompress(info);
}

bool read_pixels(jpeg_decompress_struct* info, JpegErrors* errors, const std::vector<ByteSpan>& parts,
                 const Target* target) {
  Source source{{nullptr, 0, begin_source, next_part, skip_bytes, jpeg_resync_to_restart, end_source},
                parts.data(),
                parts.data() + parts.size()};
  info->err = set_up(errors);
  if (setjmp(errors->jump) != 0) {
    jpeg_destroy_decompress(info);
    return false;
  }
  read_rows(info, &source, target);
  jpeg_destroy_decompress(info);
  return true;
}

std::vector<std::byte> joined(const std::vector<ByteSpan>& pieces) {
  std::vector<std::byte> whole;
  for (const ByteSpan piece : pieces) whole.insert(whole.end(), piece.begin(), piece.end());
  return whole;
}

}  // namespace

Result<PictureShape> jpeg_shape(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const JpegOutline outline, outline_jpeg(file, name, limits));
  const int channels = outline.components == 1 ? 1 : 3;
  return finished_shape({outline.w, outline.h, channels, 8, outline.coefficient_bytes}, outline.exif);
}

Result<Picture> decode_jpeg(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  INK_TRY(const JpegOutline outline, outline_jpeg(file, name, limits));
  Picture picture{outline.w, outline.h, outline.components == 1 ? 1 : 3};
  picture.metadata.icc = joined(outline.icc);
  picture.metadata.xmp = copy_block(outline.xmp);
  if (outline.broken_icc) picture.notices.emplace_back("its colour profile has lost a piece and is left out");

  std::optional<CmykRows> cmyk;
  std::vector<uint8_t> cmyk_row;
  if (outline.components == 4) {
    cmyk.emplace(picture.metadata.icc, picture.notices);
    picture.metadata.icc = {};
    cmyk_row.resize(static_cast<size_t>(picture.w) * 4);
  }
  picture.pixels.reserve(sample_count(picture));

  jpeg_decompress_struct info{};
  JpegErrors errors;
  bool adobe = false;
  const Target target{&picture.pixels,
                      static_cast<size_t>(picture.h),
                      static_cast<size_t>(picture.w) * static_cast<size_t>(picture.channels),
                      JDCT_ISLOW,
                      cmyk ? cmyk_row.data() : nullptr,
                      cmyk ? &*cmyk : nullptr,
                      &adobe};
  if (!read_pixels(&info, &errors, outline.parts, &target)) return broken_picture(name, "JPEG", errors.text);
  if (errors.skipped_bytes)
    picture.notices.emplace_back("bytes between its scans that belong to none were skipped");
  return finish_picture(std::move(picture), outline.exif);
}

Result<StoredJpeg> decode_stored_jpeg(ByteSpan file, std::string_view name, JpegDct dct,
                                      const PictureLimits& limits) {
  INK_TRY(const JpegOutline outline, outline_jpeg(file, name, limits));
  StoredJpeg stored{outline.w, outline.h, outline.components};
  const size_t h = static_cast<size_t>(stored.h),
               row_samples = static_cast<size_t>(stored.w) * static_cast<size_t>(stored.channels);
  stored.samples.reserve(h * row_samples);
  jpeg_decompress_struct info{};
  JpegErrors errors;
  const Target target{&stored.samples, h,       row_samples,  dct == JpegDct::fast ? JDCT_IFAST : JDCT_ISLOW,
                      nullptr,         nullptr, &stored.adobe};
  if (!read_pixels(&info, &errors, outline.parts, &target)) {
    return broken_picture(name, "JPEG", errors.text);
  }
  return stored;
}

}  // namespace ink
