#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// A varint at `position`, which is moved behind it; nothing where the bytes end before it does or where it
// exceeds 64 bits.
std::optional<uint64_t> read_varint(std::span<const std::byte> bytes, size_t& position);

// Where unchecked bytes stand, for messages. Copies share the name, which has to live longer.
struct Place {
  const std::string* file = nullptr;
  uint64_t offset = 0;

  Place at(uint64_t further) const { return {file, offset + further}; }
};

// "FILE: WHAT at offset N REASON" as an Error (model).
Error place_error(const Place& place, std::string_view what, std::string_view reason);

// Walks the fields of one message of the Protocol Buffers wire format, without a schema. Borrows the bytes.
// Errors (model) name the file, the message and the offset. Groups, which no file of today has, are refused.
class ProtoReader {
 public:
  // what: the message, for errors: "the entry".
  ProtoReader(std::span<const std::byte> bytes, Place place, std::string_view what)
      : bytes_(bytes), place_(place), what_(what) {}

  // Moves to the next field; false at the end.
  Result<bool> next();
  // The field moved to. Each of the following is an Error where the field is of another kind.
  uint32_t number() const { return number_; }
  Result<uint64_t> varint() const;
  Result<uint32_t> fixed32() const;
  Result<std::span<const std::byte>> bytes() const;
  // UTF-8, as the format demands.
  Result<std::string_view> text() const;
  Result<ProtoReader> message(std::string_view what) const;
  // Error where the field has been there before. Only for fields below 64.
  Status once();

  // Where the content of the field stands.
  Place place() const { return place_.at(content_); }
  Error error(std::string_view reason) const { return place_error(place(), what_, reason); }

 private:
  enum class Wire : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  Status expect(Wire wire) const;
  Status take(size_t count);

  std::span<const std::byte> bytes_;
  Place place_;
  std::string_view what_;
  size_t position_ = 0, content_ = 0;
  uint32_t number_ = 0;
  Wire wire_ = Wire::varint;
  uint64_t value_ = 0;
  std::span<const std::byte> payload_;
  uint64_t seen_ = 0;
};

bool is_utf8(std::string_view text);

}  // namespace ink
