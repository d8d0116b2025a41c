#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "tests/weights/sample_files.h"
#include "weights/zip.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

int fuzz_one(const uint8_t* data, size_t size) {
  const auto bytes = ink::fuzz::bytes_of(data, size);
  const auto zip = ink::ZipReader::open(bytes, "fuzz");
  if (!zip.ok()) {
    // Past the header: the end record was found and its directory read.
    return zip.error().message.find("member") != std::string::npos ? 1 : 0;
  }
  for (const ink::ZipMember& member : zip->members()) {
    const auto unpacked = zip->read(member);
    if (unpacked.ok() && unpacked->size() != member.size) std::abort();
  }
  return 1;
}

std::vector<Input> fuzz_seeds() {
  const auto input_of = [](std::span<const ink::test::ZipPart> parts, std::string_view comment) {
    Input input;
    for (const std::byte byte : ink::test::build_zip(parts, comment))
      input.push_back(std::to_integer<uint8_t>(byte));
    return input;
  };
  const std::array parts = {
      ink::test::stored_part("folder/stored", ink::test::bytes_of("stored as it is")),
      ink::test::deflated_part("deflated", ink::test::bytes_of("twice twice twice thrice thrice thrice")),
      ink::test::stored_part("empty", {})};
  return {input_of(parts, ""), input_of(std::span(parts).first(2), "a comment"), input_of({}, "")};
}

// Changes a field of one of the records, which are found by their marks, or any byte.
void fuzz_mutate(Input& input, Random& random) {
  struct Record {
    std::string_view mark;
    size_t bytes;
  };
  static constexpr std::array<Record, 3> kRecords = {
      {{"PK\x03\x04", 30}, {"PK\x01\x02", 46}, {"PK\x05\x06", 22}}};
  const Record record = random.one_in(4) ? kRecords[2] : kRecords[random.below(2)];
  const std::string text(input.begin(), input.end());
  const size_t from = random.below(text.size() + 1);
  size_t at = text.find(record.mark, from);
  if (at == text.npos) at = text.find(record.mark);
  switch (random.below(8)) {
    case 0: ink::fuzz::mutate_bytes(input, random, 0, input.size()); return;
    case 1: input.resize(random.below(input.size() + 1)); return;
    default: break;
  }
  if (at == text.npos) return;
  const size_t end = std::min(input.size(), at + record.bytes);
  if (at + 4 >= end) return;
  // In place, so that the records behind stay where the directory says they are.
  const size_t field = at + 4 + random.below(end - at - 4);
  switch (random.below(4)) {
    case 0: input[field] = 0; break;
    case 1: input[field] = 0xff; break;
    case 2: input[field] = static_cast<uint8_t>(input[field] + (random.one_in(2) ? 1 : -1)); break;
    default: input[field] = static_cast<uint8_t>(input[field] ^ (1u << random.below(8))); break;
  }
}
