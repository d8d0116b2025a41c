#include "converters/sources/tensorflow/protobuf.h"

#include "weights/message.h"

namespace ink {

std::optional<uint64_t> read_varint(std::span<const std::byte> bytes, size_t& position) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && position < bytes.size(); shift += 7) {
    const auto byte = std::to_integer<uint64_t>(bytes[position++]);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

Error place_error(const Place& place, std::string_view what, std::string_view reason) {
  return model_error(*place.file, ": ", what, " at offset ", place.offset, " ", reason);
}

Result<bool> ProtoReader::next() {
  content_ = position_;
  if (position_ == bytes_.size()) return false;
  const std::optional<uint64_t> tag = read_varint(bytes_, position_);
  if (!tag) return error("has no number of a field");
  const uint64_t number = *tag >> 3;
  if (number == 0 || number > (uint64_t{1} << 29) - 1) {
    return error(concat("has a field ", number, ", which no message has"));
  }
  number_ = static_cast<uint32_t>(number);
  const auto kind = static_cast<uint32_t>(*tag & 7);
  content_ = position_;
  switch (kind) {
    case static_cast<uint32_t>(Wire::varint): {
      const std::optional<uint64_t> value = read_varint(bytes_, position_);
      if (!value) return error(concat("has a broken number in field ", number));
      value_ = *value;
      break;
    }
    case static_cast<uint32_t>(Wire::fixed64): INK_TRY_STATUS(take(8)); break;
    case static_cast<uint32_t>(Wire::fixed32): INK_TRY_STATUS(take(4)); break;
    case static_cast<uint32_t>(Wire::bytes): {
      const std::optional<uint64_t> size = read_varint(bytes_, position_);
      if (!size) return error(concat("has a broken length in field ", number));
      content_ = position_;
      if (*size > bytes_.size() - position_) {
        return error(
            concat("has ", *size, " bytes in field ", number, ", ", bytes_.size() - position_, " are left"));
      }
      INK_TRY_STATUS(take(static_cast<size_t>(*size)));
      break;
    }
    default: return error(concat("has field ", number, " of kind ", kind, ", which is not supported"));
  }
  wire_ = static_cast<Wire>(kind);
  return true;
}

Status ProtoReader::take(size_t count) {
  if (count > bytes_.size() - position_) {
    return error(
        concat("needs ", count, " bytes for field ", number_, ", ", bytes_.size() - position_, " are left"));
  }
  payload_ = bytes_.subspan(position_, count);
  position_ += count;
  return {};
}

Status ProtoReader::expect(Wire wire) const {
  if (wire_ == wire) return {};
  return error(concat("has field ", number_, " of kind ", static_cast<int>(wire_), ", expected ",
                      static_cast<int>(wire)));
}

Result<uint64_t> ProtoReader::varint() const {
  INK_TRY_STATUS(expect(Wire::varint));
  return value_;
}

Result<uint32_t> ProtoReader::fixed32() const {
  INK_TRY_STATUS(expect(Wire::fixed32));
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<uint32_t>(payload_[i]);
  return value;
}

Result<std::span<const std::byte>> ProtoReader::bytes() const {
  INK_TRY_STATUS(expect(Wire::bytes));
  return payload_;
}

Result<std::string_view> ProtoReader::text() const {
  INK_TRY_STATUS(expect(Wire::bytes));
  const std::string_view text(reinterpret_cast<const char*>(payload_.data()), payload_.size());
  if (!is_utf8(text)) return error(concat("has text in field ", number_, " that is not UTF-8"));
  return text;
}

Result<ProtoReader> ProtoReader::message(std::string_view what) const {
  INK_TRY_STATUS(expect(Wire::bytes));
  return ProtoReader(payload_, place(), what);
}

Status ProtoReader::once() {
  INK_CHECK(number_ < 64);
  const uint64_t bit = uint64_t{1} << number_;
  if ((seen_ & bit) != 0) return error(concat("has field ", number_, " twice"));
  seen_ |= bit;
  return {};
}

bool is_utf8(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const size_t more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
    if (first < 0xc2 || first > 0xf4) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    // Overlong forms, surrogates and what lies beyond U+10FFFF.
    const unsigned second = byte(i + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return false;
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace ink
