#include "pictures/jpeg_markers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "pictures/refuse.h"

namespace ink {
namespace {

using std::string_view_literals::operator""sv;

enum Marker : uint8_t {
  kSof0 = 0xc0,
  kSof1 = 0xc1,
  kSof2 = 0xc2,
  kDht = 0xc4,
  kSofReserved = 0xc8,
  kDac = 0xcc,
  kRst0 = 0xd0,
  kSoi = 0xd8,
  kEoi = 0xd9,
  kSos = 0xda,
  kApp0 = 0xe0,
  kApp1 = 0xe1,
  kApp2 = 0xe2,
  kApp14 = 0xee,
  kApp15 = 0xef,
  kCom = 0xfe,
};

constexpr std::string_view kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv,
                           kIcc = "ICC_PROFILE\0"sv;

Error broken(std::string_view name, const std::string& what) { return broken_picture(name, "JPEG", what); }

std::string_view why_unreadable(uint8_t frame) {
  switch (frame) {
    case 0xc3:
    case 0xc7: return "it is a lossless JPEG";
    case 0xc5:
    case 0xc6: return "it is a hierarchical JPEG";
    default: return "it is an arithmetically coded JPEG";
  }
}

class Walker {
 public:
  Walker(ByteSpan file, std::string_view name, const PictureLimits& limits)
      : file_(file), name_(name), limits_(limits) {}

  Result<JpegOutline> walk() {
    if (!as_text(file_).starts_with("\xff\xd8\xff"sv)) return foreign_file(name_, "JPEG", file_);
    keep_part(outline_.parts, file_.first(2));
    for (size_t at = 2; !ended_;) INK_TRY_STATUS(take_marker(at));
    if (outline_.w == 0 || scans_ == 0) return broken(name_, "it ends before its pixels");
    INK_TRY_STATUS(check_amount());
    join_profile();
    return std::move(outline_);
  }

 private:
  Error cut_off(size_t at) const { return cut_off_picture(name_, "JPEG", file_.size(), "marker", at); }

  // Moves `at` behind the marker there and, where it begins a scan, behind the scan.
  Status take_marker(size_t& at) {
    const size_t begin = at;
    if (at == file_.size()) return cut_off(begin);
    if (file_[at] != std::byte{0xff}) return broken(name_, "no marker at byte " + std::to_string(at));
    while (at < file_.size() && file_[at] == std::byte{0xff}) ++at;
    if (at == file_.size()) return cut_off(begin);
    const auto marker = std::to_integer<uint8_t>(file_[at++]);
    if (marker == kEoi) {
      ended_ = true;
      keep_part(outline_.parts, file_.subspan(begin, at - begin));
      return {};
    }
    if (marker < kSof0 || (marker >= kRst0 && marker <= kSoi)) {
      return broken(name_, "a marker out of place at byte " + std::to_string(begin));
    }
    if (file_.size() - at < 2) return cut_off(begin);
    const size_t length = big_endian(&file_[at], 2);
    if (length < 2) return broken(name_, "no length of the marker at byte " + std::to_string(begin));
    if (file_.size() - at < length) return cut_off(begin);
    const ByteSpan body = file_.subspan(at + 2, length - 2);
    at += length;
    if (marker == kSos) {
      several_scans_ |= body.empty() || std::to_integer<int>(body[0]) != outline_.components;
      INK_TRY_STATUS(take_scan(at, begin));
    }
    if (marker >= kSof0 && marker < kRst0 && marker != kDht) INK_TRY_STATUS(take_frame(marker, body));
    if (decides_pixels(marker, body)) keep_part(outline_.parts, file_.subspan(begin, at - begin));
    take_block(marker, body);
    return {};
  }

  static bool decides_pixels(uint8_t marker, ByteSpan body) {
    if (marker == kApp0) return as_text(body).starts_with("JFIF\0"sv);
    if (marker == kApp14) return as_text(body).starts_with("Adobe"sv);
    return marker < kApp0;
  }

  // Moves `at` behind the compressed data: up to a 0xff that neither stands for itself nor is a restart.
  Status take_scan(size_t& at, size_t begin) {
    if (++scans_ > limits_.scans) {
      return Error{ErrorKind::limit, std::string(name_) + ": the JPEG has more than the " +
                                         std::to_string(limits_.scans) + " scans that are read"};
    }
    const size_t data = at;
    for (;;) {
      const void* found = std::memchr(file_.data() + at, 0xff, file_.size() - at);
      if (found == nullptr) return cut_off(begin);
      at = static_cast<size_t>(static_cast<const std::byte*>(found) - file_.data());
      if (at + 1 == file_.size()) return cut_off(begin);
      const auto next = std::to_integer<uint8_t>(file_[at + 1]);
      if (next != 0 && (next < kRst0 || next >= kSoi)) break;
      at += 2;
    }
    scan_bytes_ += at - data;
    return {};
  }

  Status take_frame(uint8_t marker, ByteSpan body) {
    if (marker != kSof0 && marker != kSof1 && marker != kSof2) {
      return Error{ErrorKind::bad_input,
                   std::string(name_) + ": " + std::string(why_unreadable(marker)) + ", which is not read"};
    }
    if (outline_.w != 0) return broken(name_, "it has two frames");
    if (body.size() < 6) return broken(name_, "its frame has " + std::to_string(body.size()) + " bytes");
    const auto byte = [&](size_t i) { return std::to_integer<uint8_t>(body[i]); };
    if (byte(0) != 8) {
      return Error{ErrorKind::bad_input, std::string(name_) + ": it is a JPEG of " + std::to_string(byte(0)) +
                                             " bits a sample; only 8 are read"};
    }
    const uint32_t h = big_endian(&body[1], 2), w = big_endian(&body[3], 2);
    INK_TRY_STATUS(check_picture_size(name_, "JPEG", w, h, limits_));
    const size_t components = byte(5);
    if (components != 1 && components != 3 && components != 4) {
      return broken(name_, "it has " + std::to_string(components) + " colour components");
    }
    if (body.size() != 6 + 3 * components) return broken(name_, "its frame contradicts itself");
    outline_.w = static_cast<int>(w);
    outline_.h = static_cast<int>(h);
    outline_.components = static_cast<int>(components);
    several_scans_ = marker == kSof2;
    return count_blocks(body.subspan(6), w, h);
  }

  // Blocks of 8 x 8 by component, of which each has (horizontal, vertical) to a unit of the largest.
  Status count_blocks(ByteSpan components, uint64_t w, uint64_t h) {
    uint64_t most_x = 1, most_y = 1;
    const auto factors = [&](size_t i) {
      const auto packed = std::to_integer<uint64_t>(components[3 * i + 1]);
      return std::array{packed >> 4, packed & 15};
    };
    for (size_t i = 0; i < components.size() / 3; ++i) {
      const auto [x, y] = factors(i);
      if (x < 1 || x > 4 || y < 1 || y > 4) return broken(name_, "its sampling factors are not 1 to 4");
      most_x = std::max(most_x, x);
      most_y = std::max(most_y, y);
    }
    const uint64_t units_x = (w + 8 * most_x - 1) / (8 * most_x),
                   units_y = (h + 8 * most_y - 1) / (8 * most_y);
    for (size_t i = 0; i < components.size() / 3; ++i) {
      const auto [x, y] = factors(i);
      const auto across = [](uint64_t length, uint64_t factor, uint64_t most) {
        return (length * factor + 8 * most - 1) / (8 * most);
      };
      most_blocks_ = std::max(most_blocks_, across(w, x, most_x) * across(h, y, most_y));
      blocks_ += units_x * x * units_y * y;
    }
    return {};
  }

  void take_block(uint8_t marker, ByteSpan body) {
    const std::string_view text = as_text(body);
    if (marker == kApp1 && text.starts_with(kExif) && outline_.exif.empty()) {
      outline_.exif = body.subspan(kExif.size());
    } else if (marker == kApp1 && text.starts_with(kXmp) && outline_.xmp.empty()) {
      outline_.xmp = body.subspan(kXmp.size());
    } else if (marker == kApp2 && text.starts_with(kIcc) && body.size() >= kIcc.size() + 2) {
      profile_.push_back(body.subspan(kIcc.size()));
    }
  }

  // Each piece begins with its number, from 1, and how many there are.
  void join_profile() {
    std::vector<ByteSpan> pieces(profile_.size());
    for (const ByteSpan piece : profile_) {
      const auto number = std::to_integer<size_t>(piece[0]), count = std::to_integer<size_t>(piece[1]);
      if (count != pieces.size() || number < 1 || number > count || !pieces[number - 1].empty()) {
        outline_.broken_icc = true;
        return;
      }
      pieces[number - 1] = piece.subspan(2);
    }
    outline_.icc = std::move(pieces);
  }

  // Huffman codes spend at least a bit on each block of each component.
  Status check_amount() {
    if (most_blocks_ > scan_bytes_ * 8) {
      return too_few_bytes(name_, "JPEG", scan_bytes_, static_cast<uint32_t>(outline_.w),
                           static_cast<uint32_t>(outline_.h));
    }
    constexpr uint64_t kBlockBytes = 64 * sizeof(int16_t);
    if (several_scans_) outline_.coefficient_bytes = blocks_ * kBlockBytes;
    return {};
  }

  ByteSpan file_;
  std::string_view name_;
  const PictureLimits& limits_;
  JpegOutline outline_;
  std::vector<ByteSpan> profile_;
  uint64_t scan_bytes_ = 0, blocks_ = 0, most_blocks_ = 0;
  int scans_ = 0;
  bool several_scans_ = false, ended_ = false;
};

}  // namespace

Result<JpegOutline> outline_jpeg(ByteSpan file, std::string_view name, const PictureLimits& limits) {
  return Walker(file, name, limits).walk();
}

}  // namespace ink
