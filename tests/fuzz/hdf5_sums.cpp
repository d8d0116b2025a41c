#include "tests/fuzz/hdf5_sums.h"

#include <algorithm>
#include <array>
#include <string>

#include "converters/sources/hdf5/checksum.h"
#include "converters/sources/hdf5/superblock.h"

namespace ink::fuzz {

namespace {

struct Structure {
  std::string_view mark;
  size_t bytes;  // that hold fields; of the checksummed ones those before the sum, 0: told by the structure
  bool summed;
};

constexpr std::array<Structure, 17> kStructures = {{{"\x89HDF", 96, false},
                                                    {"TREE", 120, false},
                                                    {"HEAP", 32, false},
                                                    {"SNOD", 128, false},
                                                    {"GCOL", 64, false},
                                                    {"OHDR", 0, true},
                                                    {"OCHK", 0, true},
                                                    {"BTHD", 34, true},
                                                    {"BTLF", 0, true},
                                                    {"BTIN", 0, true},
                                                    {"FRHP", 142, true},
                                                    {"FHIB", 0, true},
                                                    {"FHDB", 22, false},
                                                    {"FAHD", 24, true},
                                                    {"FADB", 0, true},
                                                    {"EAHD", 68, true},
                                                    {"EAIB", 0, true}}};

uint64_t number_at(const Input& input, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | (at + i < input.size() ? input[at + i] : 0);
  return value;
}

void set_sum(Input& input, size_t at, size_t bytes) {
  if (bytes > input.size() - at || input.size() - at - bytes < 4) return;
  const uint32_t sum = hdf5::lookup3(bytes_of(input.data() + at, bytes));
  for (size_t i = 0; i < 4; ++i) input[at + bytes + i] = static_cast<uint8_t>(sum >> (8 * i));
}

// Bytes of a version 2 object header before its sum.
size_t header_bytes(const Input& input, size_t at) {
  const uint64_t flags = number_at(input, at + 5, 1);
  const size_t width = size_t{1} << (flags & 3);
  const size_t prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0) + width;
  const uint64_t size = number_at(input, at + prefix - width, width);
  return size > input.size() ? 0 : prefix + static_cast<size_t>(size);
}

std::vector<std::pair<size_t, const Structure*>> structures_of(const Input& input) {
  std::vector<std::pair<size_t, const Structure*>> found;
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  for (size_t at = 0; at + 4 <= text.size(); ++at) {
    const char first = text[at];
    if (first < 'A' && first != '\x89') continue;
    for (const Structure& structure : kStructures) {
      if (text.substr(at, 4) == structure.mark) found.emplace_back(at, &structure);
    }
  }
  return found;
}

// The length of a structure that does not tell it: up to the byte where the sum fits what stands there.
size_t summed_bytes(const Input& input, size_t at) {
  const size_t most = std::min<size_t>(input.size() - at, 2200);
  for (size_t bytes = 6; bytes + 4 <= most; ++bytes) {
    const auto stored = static_cast<uint32_t>(number_at(input, at + bytes, 4));
    if (hdf5::lookup3(bytes_of(input.data() + at, bytes)) == stored) return bytes;
  }
  return 0;
}

void change(Input& input, Random& random, size_t begin, size_t end) {
  end = std::min(end, input.size());
  if (begin >= end) return;
  const size_t at = begin + random.below(end - begin);
  switch (random.below(6)) {
    case 0: input[at] = 0; break;
    case 1: input[at] = 0xff; break;
    case 2: input[at] = static_cast<uint8_t>(input[at] + (random.one_in(2) ? 1 : -1)); break;
    case 3: input[at] = static_cast<uint8_t>(random.next()); break;
    case 4: {
      // An address or a length that occurs elsewhere in the file.
      const size_t from = random.below(input.size()) & ~size_t{7}, to = at & ~size_t{7};
      for (size_t i = 0; i < 8 && from + i < input.size() && to + i < input.size(); ++i) {
        input[to + i] = input[from + i];
      }
      break;
    }
    default: input[at] = static_cast<uint8_t>(input[at] ^ (1u << random.below(8))); break;
  }
}

}  // namespace

void mend_sums(Input& input) {
  for (const auto& [at, structure] : structures_of(input)) {
    if (!structure->summed) continue;
    if (structure->bytes > 0) set_sum(input, at, structure->bytes);
    if (structure->mark == "OHDR") {
      if (const size_t bytes = header_bytes(input, at); bytes > 0) set_sum(input, at, bytes);
    }
  }
  if (input.size() >= 48 && input[8] >= 2) set_sum(input, 0, 44);
}

void mutate_hdf5(Input& input, Random& random) {
  switch (random.below(16)) {
    case 0: return mutate_bytes(input, random, 0, input.size());
    case 1: return input.resize(random.below(input.size() + 1));
    case 2: return change(input, random, 0, input.size());
    default: break;
  }
  const auto found = structures_of(input);
  if (found.empty()) return change(input, random, 0, input.size());
  const auto& [at, structure] = found[random.below(found.size())];
  size_t bytes = structure->bytes;
  const bool told = structure->mark == "OHDR";
  if (told) bytes = header_bytes(input, at);
  if (structure->summed && !told && bytes == 0) bytes = summed_bytes(input, at);
  if (bytes == 0) bytes = 64;
  // Headers of version 1 have no mark; they are what stands between the others.
  if (!structure->summed && random.one_in(2)) {
    const size_t begin = at + bytes, next = random.below(600);
    change(input, random, begin, begin + next);
    return;
  }
  const bool kept = random.one_in(8);
  change(input, random, at + 4, at + bytes);
  if (structure->summed && !kept)
    set_sum(input, at, told ? std::max(header_bytes(input, at), size_t{6}) : bytes);
  if (at == 0 && input.size() >= 48 && input[8] >= 2 && !kept) set_sum(input, 0, 44);
}

bool has_superblock(std::span<const std::byte> bytes) {
  hdf5::Space space(bytes, "fuzz");
  return hdf5::read_superblock(space).ok();
}

}  // namespace ink::fuzz
