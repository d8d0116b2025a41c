#include "pictures/png_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "pictures/refuse.h"

namespace ink {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr size_t kFrame = 12;  // of every chunk: length, type, CRC
constexpr uint64_t kDeflateRatio = 1032;

constexpr int kFirstWithAlpha = 4;

constexpr std::string_view kXmpKeyword("XML:com.adobe.xmp\0", 18);

Error broken(std::string_view name, const std::string& what) { return broken_picture(name, "PNG", what); }

class Walker {
 public:
  Walker(ByteSpan file, std::string_view name, const PictureLimits& limits)
      : file_(file), name_(name), limits_(limits) {}

  Result<PngOutline> walk() {
    if (!as_text(file_).starts_with(kSignature)) return foreign_file(name_, "PNG", file_);
    keep_part(outline_.parts, file_.first(kSignature.size()));
    for (size_t at = kSignature.size(); !ended_;) {
      if (file_.size() - at < kFrame) return cut_off(at);
      const uint32_t length = big_endian(&file_[at], 4);
      if (file_.size() - at - kFrame < length) return cut_off(at);
      const auto chunk = file_.subspan(at, kFrame + length);
      INK_TRY_STATUS(take(chunk, at));
      at += chunk.size();
    }
    INK_TRY_STATUS(check_amount());
    if (transparent_colour_) ++outline_.channels;
    return std::move(outline_);
  }

 private:
  Error cut_off(size_t at) const { return cut_off_picture(name_, "PNG", file_.size(), "chunk", at); }

  Status take(ByteSpan chunk, size_t at) {
    const auto type_bytes = chunk.subspan(4, 4);
    const auto body = chunk.subspan(8, chunk.size() - kFrame);
    const std::string_view type = as_text(type_bytes);
    if (!std::ranges::all_of(type, [](unsigned char c) { return c < 0x80 && std::isalpha(c) != 0; })) {
      return broken(name_, "no chunk name at byte " + std::to_string(at + 4));
    }
    const uint32_t crc = big_endian(&chunk[chunk.size() - 4], 4);
    const auto* covered = reinterpret_cast<const Bytef*>(type_bytes.data());
    if (crc32_z(0, covered, body.size() + 4) != crc) {
      return broken(name_, "the checksum of chunk " + std::string(type) + " at byte " + std::to_string(at) +
                               " is wrong");
    }
    const bool first = at == kSignature.size();
    if (first != (type == "IHDR")) return broken(name_, "its first chunk, and no other, must be IHDR");
    if (type == "IHDR") {
      INK_TRY_STATUS(take_header(body));
    } else if (type == "IDAT") {
      data_bytes_ += body.size();
    } else if (type == "tRNS") {
      transparent_colour_ = outline_.colour_type < kFirstWithAlpha;
    } else if (type == "IEND") {
      ended_ = true;
    } else if (std::isupper(static_cast<unsigned char>(type[0])) == 0) {
      take_ancillary(type, body);
      return {};
    } else if (type != "PLTE") {
      return broken(name_, "chunk " + std::string(type) + " at byte " + std::to_string(at) +
                               " is needed for the picture and not part of the standard");
    }
    keep_part(outline_.parts, chunk);
    return {};
  }

  void take_ancillary(std::string_view type, ByteSpan body) {
    const auto take_first = [&](ByteSpan& block) {
      if (block.empty()) block = body;
    };
    if (type == "iCCP") take_first(outline_.iccp);
    if (type == "eXIf") take_first(outline_.exif);
    if (type == "iTXt" && as_text(body).starts_with(kXmpKeyword)) take_first(outline_.xmp);
    if (type == "acTL") outline_.animated = true;
  }

  Status take_header(ByteSpan body) {
    if (body.size() != 13)
      return broken(name_, "IHDR has " + std::to_string(body.size()) + " bytes, expected 13");
    const uint32_t w = big_endian(&body[0], 4), h = big_endian(&body[4], 4);
    INK_TRY_STATUS(check_picture_size(name_, "PNG", w, h, limits_));
    const int colour_type = outline_.colour_type = std::to_integer<int>(body[9]);
    const int depth = outline_.bits = std::to_integer<int>(body[8]);
    const int samples = png_samples(colour_type);
    if (samples == 0) return broken(name_, "colour type " + std::to_string(colour_type) + " does not exist");
    bits_ = static_cast<uint64_t>(w) * h * static_cast<uint64_t>(samples * depth);
    outline_.w = static_cast<int>(w);
    outline_.h = static_cast<int>(h);
    outline_.channels = colour_type == kPngPalette ? 3 : samples;
    outline_.depth = depth == 16 ? 16 : 8;
    outline_.interlaced = body[12] != std::byte{0};
    return {};
  }

  Status check_amount() const {
    const uint64_t bytes = bits_ / 8;
    if (bytes <= data_bytes_ * kDeflateRatio) return {};
    return too_few_bytes(name_, "PNG", data_bytes_, static_cast<uint32_t>(outline_.w),
                         static_cast<uint32_t>(outline_.h));
  }

  ByteSpan file_;
  std::string_view name_;
  const PictureLimits& limits_;
  PngOutline outline_;
  uint64_t bits_ = 0, data_bytes_ = 0;
  bool transparent_colour_ = false, ended_ = false;
};

}  // namespace

int png_samples(int colour_type) {
  constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};
  return colour_type >= 0 && colour_type < 7 ? kSamples[colour_type] : 0;
}

Result<PngOutline> outline_png(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  return Walker(file, name, limits).walk();
}

}  // namespace ink
