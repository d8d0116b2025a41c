#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/base/check.h"
#include "pictures/jpeg.h"
#include "pictures/jpeg_error.h"
#include "pictures/rows8.h"

namespace ink {
namespace {

struct Destination {
  jpeg_destination_mgr manager;  // first: libjpeg hands out its address
  Gather* gather;
};

void begin_block(j_compress_ptr info) {
  auto* destination = reinterpret_cast<Destination*>(info->dest);
  destination->manager.next_output_byte = reinterpret_cast<JOCTET*>(destination->gather->block());
  destination->manager.free_in_buffer = Gather::kBlock;
}

void pass_on(j_compress_ptr info, size_t bytes) {
  auto* destination = reinterpret_cast<Destination*>(info->dest);
  if (!destination->gather->flush(bytes)) std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->jump, 1);
}

boolean full_block(j_compress_ptr info) {
  pass_on(info, Gather::kBlock);
  begin_block(info);
  return TRUE;
}

void end_blocks(j_compress_ptr info) { pass_on(info, Gather::kBlock - info->dest->free_in_buffer); }

void write_block(jpeg_compress_struct* info, int marker, const char* name, size_t name_bytes,
                 const ByteSpan* block) {
  if (block->empty()) return;
  jpeg_write_m_header(info, marker, static_cast<unsigned>(name_bytes + block->size()));
  for (size_t i = 0; i < name_bytes; ++i) jpeg_write_m_byte(info, static_cast<unsigned char>(name[i]));
  for (size_t i = 0; i < block->size(); ++i) jpeg_write_m_byte(info, std::to_integer<int>((*block)[i]));
}

void write_rows(jpeg_compress_struct* info, Destination* destination, Rows8* rows,
                const MetadataBlocks* blocks, int quality) {
  constexpr char kExif[] = "Exif\0";  // and the 0 of the literal
  constexpr char kXmp[] = "http://ns.adobe.com/xap/1.0/";
  jpeg_create_compress(info);
  info->dest = &destination->manager;
  info->image_width = static_cast<JDIMENSION>(rows->w());
  info->image_height = static_cast<JDIMENSION>(rows->h());
  info->input_components = rows->channels();
  info->in_color_space = rows->channels() == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, quality, TRUE);
  for (int i = 0; i < info->num_components; ++i) {
    info->comp_info[i].h_samp_factor = 1;
    info->comp_info[i].v_samp_factor = 1;
  }
  jpeg_start_compress(info, TRUE);
  write_block(info, JPEG_APP0 + 1, kExif, sizeof kExif, &blocks->exif);
  write_block(info, JPEG_APP0 + 1, kXmp, sizeof kXmp, &blocks->xmp);
  if (!blocks->icc.empty()) {
    jpeg_write_icc_profile(info, reinterpret_cast<const JOCTET*>(blocks->icc.data()),
                           static_cast<unsigned>(blocks->icc.size()));
  }
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(rows->row(static_cast<int>(info->next_scanline)));
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
}

bool write_pixels(jpeg_compress_struct* info, JpegErrors* errors, Destination* destination, Rows8* rows,
                  const MetadataBlocks* blocks, int quality) {
  info->err = set_up(errors);
  if (setjmp(errors->jump) != 0) {
    jpeg_destroy_compress(info);
    return false;
  }
  write_rows(info, destination, rows, blocks, quality);
  jpeg_destroy_compress(info);
  return true;
}

}  // namespace

Status encode_jpeg(const Picture& picture, const MetadataBlocks& blocks, int quality, ByteSink sink) {
  INK_CHECK(!has_alpha(picture.channels) && std::max(picture.w, picture.h) <= kJpegMostSide);
  INK_CHECK(quality >= 1 && quality <= 100);
  INK_CHECK(blocks.exif.size() <= kJpegMostExif && blocks.xmp.size() <= kJpegMostXmp &&
            blocks.icc.size() <= kJpegMostIcc);
  Gather gather(sink);
  Rows8 rows(picture, picture.channels);
  jpeg_compress_struct info{};
  JpegErrors errors;
  Destination destination{{nullptr, 0, begin_block, full_block, end_blocks}, &gather};
  const bool written = write_pixels(&info, &errors, &destination, &rows, &blocks, quality);
  if (gather.failed()) return gather.status();
  if (!written) return Error{ErrorKind::io, std::string("a JPEG could not be written: ") + errors.text};
  return {};
}

}  // namespace ink
