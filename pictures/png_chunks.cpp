#include "pictures/png_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string>

#include "pictures/sniff.h"

namespace ink {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr size_t kFrame = 12;  // of every chunk: length, type, CRC
constexpr uint64_t kDeflateRatio = 1032;

// Samples of a pixel in the file by colour type; 0 where the standard has no such type.
constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};
constexpr int kPalette = 3, kFirstWithAlpha = 4;

Error broken(std::string_view name, const std::string& what) {
  return Error{ErrorKind::bad_input, std::string(name) + ": broken PNG: " + what};
}

uint32_t big_endian(const std::byte* at) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | std::to_integer<uint32_t>(at[i]);
  return value;
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Walker {
 public:
  Walker(std::span<const std::byte> file, std::string_view name, const PictureLimits& limits)
      : file_(file), name_(name), limits_(limits) {}

  Result<PngOutline> walk() {
    if (file_.empty()) return Error{ErrorKind::bad_input, std::string(name_) + ": the file is empty"};
    if (!text(file_).starts_with(kSignature)) {
      return Error{ErrorKind::bad_input, std::string(name_) + ": expected a PNG picture, found " +
                                             std::string(looks_like(file_)) + "; only PNG is read so far"};
    }
    keep(file_.first(kSignature.size()));
    for (size_t at = kSignature.size(); !ended_;) {
      if (file_.size() - at < kFrame) return cut_off(at);
      const uint32_t length = big_endian(&file_[at]);
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
  Error cut_off(size_t at) const {
    return broken(name_, "the file ends at byte " + std::to_string(file_.size()) +
                             ", inside the chunk that starts at " + std::to_string(at) +
                             "; an incomplete download?");
  }

  Status take(std::span<const std::byte> chunk, size_t at) {
    const auto type_bytes = chunk.subspan(4, 4);
    const auto body = chunk.subspan(8, chunk.size() - kFrame);
    const std::string_view type = text(type_bytes);
    if (!std::ranges::all_of(type, [](unsigned char c) { return c < 0x80 && std::isalpha(c) != 0; })) {
      return broken(name_, "no chunk name at byte " + std::to_string(at + 4));
    }
    const uint32_t crc = big_endian(&chunk[chunk.size() - 4]);
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
      transparent_colour_ = colour_type_ < kFirstWithAlpha;
    } else if (type == "IEND") {
      ended_ = true;
    } else if (std::isupper(static_cast<unsigned char>(type[0])) == 0) {
      return {};
    } else if (type != "PLTE") {
      return broken(name_, "chunk " + std::string(type) + " at byte " + std::to_string(at) +
                               " is needed for the picture and not part of the standard");
    }
    keep(chunk);
    return {};
  }

  Status take_header(std::span<const std::byte> body) {
    if (body.size() != 13)
      return broken(name_, "IHDR has " + std::to_string(body.size()) + " bytes, expected 13");
    const uint32_t w = big_endian(&body[0]), h = big_endian(&body[4]);
    const std::string size = std::to_string(w) + " x " + std::to_string(h) + " pixels";
    if (w == 0 || h == 0) return broken(name_, "it has " + size);
    const auto side = static_cast<uint32_t>(limits_.side);
    if (w > side || h > side || static_cast<uint64_t>(w) * h > static_cast<uint64_t>(limits_.pixels)) {
      return Error{ErrorKind::limit, std::string(name_) + ": the picture has " + size + "; at most " +
                                         std::to_string(limits_.side) + " a side and " +
                                         std::to_string(limits_.pixels) + " in all are read"};
    }
    colour_type_ = std::to_integer<int>(body[9]);
    const int depth = std::to_integer<int>(body[8]);
    const int samples = colour_type_ < 7 ? kSamples[colour_type_] : 0;
    if (samples == 0) return broken(name_, "colour type " + std::to_string(colour_type_) + " does not exist");
    bits_ = static_cast<uint64_t>(w) * h * static_cast<uint64_t>(samples * depth);
    outline_.w = static_cast<int>(w);
    outline_.h = static_cast<int>(h);
    outline_.channels = colour_type_ == kPalette ? 3 : samples;
    return {};
  }

  Status check_amount() const {
    const uint64_t bytes = bits_ / 8;
    if (bytes <= data_bytes_ * kDeflateRatio) return {};
    return broken(name_, std::to_string(data_bytes_) + " bytes of compressed pixels cannot hold the " +
                             std::to_string(outline_.w) + " x " + std::to_string(outline_.h) +
                             " that it declares");
  }

  void keep(std::span<const std::byte> part) {
    auto& parts = outline_.parts;
    if (!parts.empty() && parts.back().data() + parts.back().size() == part.data()) {
      parts.back() = {parts.back().data(), parts.back().size() + part.size()};
    } else {
      parts.push_back(part);
    }
  }

  std::span<const std::byte> file_;
  std::string_view name_;
  const PictureLimits& limits_;
  PngOutline outline_;
  uint64_t bits_ = 0, data_bytes_ = 0;
  int colour_type_ = 0;
  bool transparent_colour_ = false, ended_ = false;
};

}  // namespace

Result<PngOutline> outline_png(std::span<const std::byte> file, std::string_view name,
                               const PictureLimits& limits) {
  return Walker(file, name, limits).walk();
}

}  // namespace ink
