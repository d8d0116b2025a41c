#include "pictures/metadata.h"

#include <zlib.h>

#include <algorithm>
#include <string_view>

namespace ink {
namespace {

using std::string_view_literals::operator""sv;

// Where in a TIFF structure the value of the first directory's orientation lies, and in which byte order.
struct OrientationField {
  size_t offset = 0;
  bool big = false;
};

uint32_t number(ByteSpan tiff, size_t at, size_t count, bool big) {
  return big ? big_endian(&tiff[at], count) : little_endian(&tiff[at], count);
}

std::optional<OrientationField> find_orientation(ByteSpan tiff) {
  constexpr size_t kHeader = 8, kEntry = 12;
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  if (tiff.size() < kHeader) return std::nullopt;
  const std::string_view head = as_text(tiff).substr(0, 4);
  const bool big = head == "MM\0*"sv;
  if (!big && head != "II*\0"sv) return std::nullopt;
  const size_t directory = number(tiff, 4, 4, big);
  if (directory > tiff.size() - 2) return std::nullopt;
  const size_t room = (tiff.size() - directory - 2) / kEntry;
  const size_t entries = std::min<size_t>(number(tiff, directory, 2, big), room);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (number(tiff, entry, 2, big) != kOrientation) continue;
    if (number(tiff, entry + 2, 2, big) != kShort || number(tiff, entry + 4, 4, big) != 1)
      return std::nullopt;
    return OrientationField{entry + 8, big};
  }
  return std::nullopt;
}

// XMP repeats the orientation, as an attribute or as an element.
void reset_xmp(std::vector<std::byte>& xmp) {
  const std::string_view text = as_text(xmp);
  for (const std::string_view name :
       {"tiff:Orientation=\""sv, "tiff:Orientation='"sv, "tiff:Orientation>"sv}) {
    for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
      const size_t digit = at + name.size();
      if (digit + 1 < text.size() && text[digit] >= '1' && text[digit] <= '8' &&
          (text[digit + 1] == name.back() || text[digit + 1] == '<')) {
        xmp[digit] = std::byte{'1'};
      }
    }
  }
}

}  // namespace

ByteSpan without_exif_prefix(ByteSpan exif) {
  constexpr std::string_view kPrefix = "Exif\0\0"sv;
  return as_text(exif).starts_with(kPrefix) ? exif.subspan(kPrefix.size()) : exif;
}

int exif_orientation(ByteSpan exif) {
  const auto field = find_orientation(exif);
  if (!field) return 1;
  const uint32_t value = number(exif, field->offset, 2, field->big);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

void reset_orientation(PictureMetadata& metadata) {
  if (const auto field = find_orientation(metadata.exif)) {
    metadata.exif[field->offset] = std::byte{static_cast<uint8_t>(field->big ? 0 : 1)};
    metadata.exif[field->offset + 1] = std::byte{static_cast<uint8_t>(field->big ? 1 : 0)};
  }
  reset_xmp(metadata.xmp);
}

std::optional<std::vector<std::byte>> inflate_block(ByteSpan packed, uint64_t limit) {
  struct Stream : z_stream {
    Stream() : z_stream{} {}
    ~Stream() { inflateEnd(this); }
  } stream;
  if (packed.size() > UINT32_MAX || inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<std::byte> block;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    constexpr size_t kStep = 1 << 14;
    const size_t done = block.size();
    if (done > limit) return std::nullopt;
    block.resize(done + std::max(kStep, done / 2));
    stream.next_out = reinterpret_cast<Bytef*>(&block[done]);
    stream.avail_out = static_cast<uInt>(block.size() - done);
    state = inflate(&stream, Z_NO_FLUSH);
    block.resize(block.size() - stream.avail_out);
    if (state != Z_STREAM_END && (state != Z_OK || block.size() == done)) return std::nullopt;
  }
  if (block.size() > limit) return std::nullopt;
  return block;
}

std::vector<std::byte> copy_block(ByteSpan block) { return {block.begin(), block.end()}; }

}  // namespace ink
