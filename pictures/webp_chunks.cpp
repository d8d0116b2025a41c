#include "pictures/webp_chunks.h"

#include <webp/decode.h>

#include <string>

#include "pictures/refuse.h"

namespace ink {
namespace {

Error broken(std::string_view name, const std::string& what) { return broken_picture(name, "WebP", what); }

// The picture itself: its chunk, and how large it is.
Status take_picture(const RiffChunk& chunk, std::string_view name, const PictureLimits& limits,
                    WebpOutline& outline) {
  WebPBitstreamFeatures features{};
  const auto* riff = reinterpret_cast<const uint8_t*>(outline.riff.data());
  if (WebPGetFeatures(riff, outline.riff.size(), &features) != VP8_STATUS_OK) {
    return broken(name, "its header contradicts itself");
  }
  const auto w = static_cast<uint32_t>(features.width), h = static_cast<uint32_t>(features.height);
  INK_TRY_STATUS(check_picture_size(name, "WebP", w, h, limits));
  outline.w = features.width;
  outline.h = features.height;
  outline.alpha = features.has_alpha != 0;
  outline.lossless = chunk.type == "VP8L";
  if (outline.lossless) return {};  // a single colour takes no bits at all
  // The two predictions of a block of 16 x 16 have fixed probabilities: at the least 2.57 and 0.85 bits.
  const uint64_t blocks = static_cast<uint64_t>((w + 15) / 16) * ((h + 15) / 16);
  if (blocks * 3 > uint64_t{chunk.body.size()} * 8) {
    return too_few_bytes(name, "WebP", chunk.body.size(), w, h);
  }
  return {};
}

}  // namespace

bool next_riff_chunk(ByteSpan riff, size_t& at, RiffChunk& chunk) {
  if (riff.size() - at < kRiffChunkHead) return false;
  const size_t size = little_endian(&riff[at + 4], 4);
  if (riff.size() - at - kRiffChunkHead < size) return false;
  chunk = {as_text(riff.subspan(at, 4)), riff.subspan(at + kRiffChunkHead, size)};
  at += kRiffChunkHead + size;
  if (size % 2 != 0 && at < riff.size()) ++at;
  return true;
}

Result<WebpOutline> outline_webp(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  const std::string_view text = as_text(file);
  if (file.size() < kRiffHead || !text.starts_with("RIFF") || text.substr(8, 4) != "WEBP") {
    return foreign_file(name, "WebP", file);
  }
  const uint64_t size = uint64_t{little_endian(&file[4], 4)} + 8;
  if (size > file.size() || size < kRiffHead) {
    return broken(name, "it declares " + std::to_string(size) + " bytes and has " +
                            std::to_string(file.size()) + "; an incomplete download?");
  }
  WebpOutline outline;
  outline.riff = file.first(static_cast<size_t>(size));
  bool found = false;
  for (size_t at = kRiffHead; at < outline.riff.size();) {
    const size_t begin = at;
    RiffChunk chunk;
    if (!next_riff_chunk(outline.riff, at, chunk)) {
      return cut_off_picture(name, "WebP", outline.riff.size(), "chunk", begin);
    }
    const auto take_first = [&](ByteSpan& block) {
      if (block.empty()) block = chunk.body;
    };
    if (chunk.type == "ANIM" || chunk.type == "ANMF") {
      return Error{ErrorKind::bad_input,
                   std::string(name) + ": it is an animated WebP, and only still ones are read"};
    }
    if (chunk.type == "ICCP") take_first(outline.icc);
    if (chunk.type == "EXIF") take_first(outline.exif);
    if (chunk.type == "XMP ") take_first(outline.xmp);
    if ((chunk.type == "VP8 " || chunk.type == "VP8L") && !found) {
      INK_TRY_STATUS(take_picture(chunk, name, limits, outline));
      found = true;
    }
  }
  if (!found) return broken(name, "it has no picture");
  return outline;
}

}  // namespace ink
