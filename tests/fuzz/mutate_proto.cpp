#include "tests/fuzz/mutate_proto.h"

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "converters/sources/tensorflow/protobuf.h"
#include "tests/converters/sample_tensorflow.h"

namespace ink::fuzz {

namespace {

struct Field {
  uint64_t tag = 0;
  uint64_t value = 0;   // of a number
  std::string payload;  // of the other kinds
};

std::optional<std::vector<Field>> fields_of(const std::string& message) {
  const auto bytes = std::as_bytes(std::span(message));
  std::vector<Field> fields;
  for (size_t position = 0; position < bytes.size();) {
    const auto tag = read_varint(bytes, position);
    if (!tag) return std::nullopt;
    Field field{*tag, 0, {}};
    uint64_t size = 0;
    switch (*tag & 7) {
      case 0: {
        const auto value = read_varint(bytes, position);
        if (!value) return std::nullopt;
        field.value = *value;
        break;
      }
      case 1: size = 8; break;
      case 2: {
        const auto length = read_varint(bytes, position);
        if (!length) return std::nullopt;
        size = *length;
        break;
      }
      case 5: size = 4; break;
      default: return std::nullopt;
    }
    if (size > bytes.size() - position) return std::nullopt;
    field.payload = message.substr(position, static_cast<size_t>(size));
    position += static_cast<size_t>(size);
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string bytes_of(const Field& field) {
  const std::string tag = test::varint(field.tag);
  if ((field.tag & 7) == 0) return tag + test::varint(field.value);
  if ((field.tag & 7) == 2) return tag + test::varint(field.payload.size()) + field.payload;
  return tag + field.payload;
}

std::string mutated(const std::string& text, Random& random) {
  Input input(text.begin(), text.end());
  if (input.empty()) input.push_back(static_cast<uint8_t>(random.next()));
  mutate_bytes(input, random, 0, input.size());
  return {input.begin(), input.end()};
}

void change_number(Field& field, Random& random) {
  static constexpr std::array<uint64_t, 16> kNumbers = {0,
                                                        1,
                                                        2,
                                                        3,
                                                        4,
                                                        7,
                                                        19,
                                                        255,
                                                        1024,
                                                        100'000,
                                                        0x7fffffff,
                                                        0xffffffff,
                                                        1u << 31,
                                                        uint64_t{1} << 48,
                                                        uint64_t{1} << 63,
                                                        ~uint64_t{0}};
  if (random.one_in(3)) {
    field.value = random.pick(std::span<const uint64_t>(kNumbers));
  } else {
    field.value += random.one_in(2) ? random.below(5) : ~uint64_t{0} - random.below(4);
  }
}

}  // namespace

std::string mutate_proto(const std::string& message, Random& random, int deepest) {
  std::optional<std::vector<Field>> fields = fields_of(message);
  if (!fields || fields->empty() || deepest == 0) return mutated(message, random);
  const size_t at = random.below(fields->size());
  Field& field = (*fields)[at];
  const auto place = fields->begin() + static_cast<ptrdiff_t>(at);
  const bool is_number = (field.tag & 7) == 0;
  switch (random.below(20)) {
    case 0: fields->erase(place); break;
    case 1: fields->insert(place, Field(field)); break;
    case 2: std::swap(field, (*fields)[random.below(fields->size())]); break;
    case 3: field.tag = (field.tag & 7) | random.below(9) << 3; break;
    case 4: field.tag ^= uint64_t{1} << random.below(4); break;
    default:
      if (is_number) {
        change_number(field, random);
      } else if ((field.tag & 7) == 2 && !random.one_in(6)) {
        field.payload = mutate_proto(field.payload, random, deepest - 1);
      } else {
        field.payload = mutated(field.payload, random);
      }
  }
  std::string result;
  for (const Field& one : *fields) result += bytes_of(one);
  return result;
}

}  // namespace ink::fuzz
