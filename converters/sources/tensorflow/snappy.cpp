#include "converters/sources/tensorflow/snappy.h"

#include <optional>

#include "weights/message.h"

namespace ink {

namespace {

constexpr std::string_view kWhat = "the Snappy block";
constexpr uint64_t kMostExpansion = 64;

// The `count` bytes at `position` as a little-endian number; position is moved behind them.
std::optional<size_t> read_small(std::span<const std::byte> bytes, size_t& position, size_t count) {
  if (count > bytes.size() - position) return std::nullopt;
  size_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | std::to_integer<size_t>(bytes[position + i]);
  position += count;
  return value;
}

struct Element {
  size_t length = 0;
  size_t distance = 0;  // 0: a literal
};

// The low two bits of the first byte say what it is: 0 a literal, whose lengths above 60 follow in 1 to 4
// bytes; 1 a copy of 4 to 11 bytes from within 2 KiB; 2 and 3 a copy with a distance of 2 and 4 bytes.
std::optional<Element> read_element(std::span<const std::byte> packed, size_t& position) {
  const auto tag = std::to_integer<size_t>(packed[position++]);
  const size_t high = tag >> 2;
  Element element;
  if ((tag & 3) == 0) {
    element.length = high + 1;
    if (high < 60) return element;
    const std::optional<size_t> length = read_small(packed, position, high - 59);
    if (!length) return std::nullopt;
    element.length = *length + 1;
    return element;
  }
  const size_t distance_bytes = (tag & 3) == 3 ? 4 : tag & 3;
  const std::optional<size_t> distance = read_small(packed, position, distance_bytes);
  if (!distance) return std::nullopt;
  element.length = (tag & 3) == 1 ? (high & 7) + 4 : high + 1;
  element.distance = (tag & 3) == 1 ? (high >> 3 << 8 | *distance) : *distance;
  if (element.distance == 0) return std::nullopt;
  return element;
}

}  // namespace

Result<std::vector<std::byte>> unpack_snappy(std::span<const std::byte> packed, Place place,
                                             size_t most_bytes) {
  size_t position = 0;
  const std::optional<uint64_t> size = read_varint(packed, position);
  if (!size) return place_error(place, kWhat, "has no size");
  if (*size > most_bytes || *size > kMostExpansion * packed.size()) {
    return place_error(place, kWhat,
                       concat("of ", packed.size(), " bytes is said to unpack to ", *size, ", at most ",
                              most_bytes, " and ", kMostExpansion, " times its size is allowed"));
  }
  std::vector<std::byte> unpacked;
  unpacked.reserve(static_cast<size_t>(*size));
  while (position < packed.size()) {
    const size_t start = position;
    const std::optional<Element> element = read_element(packed, position);
    if (!element) return place_error(place.at(start), kWhat, "has a broken element");
    if (element->length > *size - unpacked.size()) {
      return place_error(place.at(start), kWhat, concat("unpacks to more than its ", *size, " bytes"));
    }
    if (element->distance == 0) {
      if (element->length > packed.size() - position) {
        return place_error(
            place.at(start), kWhat,
            concat("needs ", element->length, " bytes, ", packed.size() - position, " are left"));
      }
      const auto from = packed.begin() + static_cast<ptrdiff_t>(position);
      unpacked.insert(unpacked.end(), from, from + static_cast<ptrdiff_t>(element->length));
      position += element->length;
      continue;
    }
    if (element->distance > unpacked.size()) {
      return place_error(
          place.at(start), kWhat,
          concat("copies from ", element->distance, " bytes back, where ", unpacked.size(), " are unpacked"));
    }
    // A copy may reach into what it writes itself.
    for (size_t i = 0; i < element->length; ++i) {
      unpacked.push_back(unpacked[unpacked.size() - element->distance]);
    }
  }
  if (unpacked.size() != *size) {
    return place_error(place, kWhat, concat("unpacks to ", unpacked.size(), " bytes, expected ", *size));
  }
  return unpacked;
}

}  // namespace ink
