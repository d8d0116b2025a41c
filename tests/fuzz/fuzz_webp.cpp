#include <algorithm>

#include "tests/fuzz/picture_target.h"

using ink::fuzz::Input;
using ink::fuzz::Part;
using ink::fuzz::Random;

namespace {

constexpr size_t kRiff = 12, kHead = 8;

size_t number(const Input& input, size_t at) {
  return size_t{input[at]} | size_t{input[at + 1]} << 8 | size_t{input[at + 2]} << 16 |
         size_t{input[at + 3]} << 24;
}

void put(Input& file, size_t value) {
  for (int shift = 0; shift < 32; shift += 8) file.push_back(static_cast<uint8_t>(value >> shift));
}

std::vector<Part> chunks_of(const Input& input) {
  std::vector<Part> parts;
  for (size_t at = kRiff; at + kHead <= input.size();) {
    const size_t size = number(input, at + 4);
    if (input.size() - at - kHead < size) break;
    const auto body = input.begin() + static_cast<std::ptrdiff_t>(at + kHead);
    parts.push_back({std::string(body - 8, body - 4), Input(body, body + static_cast<std::ptrdiff_t>(size))});
    at += kHead + size + size % 2;
  }
  return parts;
}

Input file_of(const std::vector<Part>& parts) {
  Input chunks = {'W', 'E', 'B', 'P'};
  for (const Part& part : parts) {
    chunks.insert(chunks.end(), part.name.begin(), part.name.end());
    put(chunks, part.body.size());
    chunks.insert(chunks.end(), part.body.begin(), part.body.end());
    if (part.body.size() % 2 != 0) chunks.push_back(0);
  }
  Input file = {'R', 'I', 'F', 'F'};
  put(file, chunks.size());
  file.insert(file.end(), chunks.begin(), chunks.end());
  return file;
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) { return ink::fuzz::fuzz_picture(data, size); }

std::vector<Input> fuzz_seeds() {
  return ink::fuzz::golden_inputs({"lossless.webp", "lossless-alpha.webp", "lossy.webp", "lossy-alpha.webp",
                                   "lossy-alpha-lossy.webp", "all-metadata.webp", "orientation-3.webp",
                                   "orientation-8.webp"});
}

void fuzz_mutate(Input& input, Random& random) {
  if (input.size() < kRiff || random.one_in(20)) {
    ink::fuzz::mutate_bytes(input, random, 0, input.size());
    return;
  }
  std::vector<Part> parts = chunks_of(input);
  if (parts.empty()) return;
  Part& part = parts[random.below(parts.size())];
  // Both kinds of picture begin with a mark, the flags and the size, which mostly stay.
  const size_t head = part.name == "VP8 " ? 10 : part.name == "VP8L" ? 5 : 0;
  if (head > 0 && !random.one_in(8)) {
    const size_t window = head + 24;
    const bool early = random.one_in(2);
    ink::fuzz::mutate_bytes(part.body, random, head,
                            early ? std::min(window, part.body.size()) : part.body.size());
  } else {
    ink::fuzz::mutate_parts(parts, random);
  }
  input = file_of(parts);
}
