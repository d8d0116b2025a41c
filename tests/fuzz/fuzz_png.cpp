#include <zlib.h>

#include <algorithm>
#include <optional>

#include "tests/fuzz/picture_target.h"
#include "tests/pictures/png_builder.h"

using ink::fuzz::Input;
using ink::fuzz::Part;
using ink::fuzz::Random;

namespace {

constexpr size_t kSignature = 8, kFrame = 12;

uint32_t number(const Input& input, size_t at) {
  return uint32_t{input[at]} << 24 | uint32_t{input[at + 1]} << 16 | uint32_t{input[at + 2]} << 8 |
         input[at + 3];
}

// The chunks, as far as their lengths are right.
std::vector<Part> chunks_of(const Input& input) {
  std::vector<Part> parts;
  for (size_t at = kSignature; at + kFrame <= input.size();) {
    const size_t length = number(input, at);
    if (input.size() - at - kFrame < length) break;
    const auto body = input.begin() + static_cast<std::ptrdiff_t>(at + 8);
    parts.push_back({std::string(body - 4, body), Input(body, body + static_cast<std::ptrdiff_t>(length))});
    at += kFrame + length;
  }
  return parts;
}

// With lengths and checksums that are right.
Input file_of(const Input& input, const std::vector<Part>& parts) {
  Input file(input.begin(), input.begin() + kSignature);
  for (const Part& part : parts) {
    ink::test::Bytes body;
    for (const uint8_t byte : part.body) body.push_back(std::byte{byte});
    for (const std::byte byte : ink::test::png_chunk(part.name, body))
      file.push_back(std::to_integer<uint8_t>(byte));
  }
  return file;
}

std::optional<Input> unpacked(const Input& packed) {
  Input raw(1 << 16);
  uLongf size = raw.size();
  if (uncompress(raw.data(), &size, packed.data(), packed.size()) != Z_OK) return std::nullopt;
  raw.resize(size);
  return raw;
}

Input packed(const Input& raw) {
  Input out(compressBound(raw.size()));
  uLongf size = out.size();
  compress2(out.data(), &size, raw.data(), raw.size(), 1);
  out.resize(size);
  return out;
}

// Changes what is packed from `begin` on, and packs it again.
void mutate_packed(Input& body, size_t begin, Random& random) {
  const Input head(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(begin));
  auto raw = unpacked(Input(body.begin() + static_cast<std::ptrdiff_t>(begin), body.end()));
  if (!raw) return;
  ink::fuzz::mutate_bytes(*raw, random, 0, raw->size());
  const Input tail = packed(*raw);
  body = head;
  body.insert(body.end(), tail.begin(), tail.end());
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) { return ink::fuzz::fuzz_picture(data, size); }

std::vector<Input> fuzz_seeds() {
  std::vector<std::string> names = {"all-metadata.png", "gray-profile.png",  "gray-rgb-profile.png",
                                    "animated.png",     "orientation-2.png", "orientation-7.png"};
  for (const char* kind : {"0-1bit", "0-2bit-trns", "0-16bit-trns", "2-8bit", "2-8bit-trns", "2-16bit-adam7",
                           "3-1bit", "3-4bit-adam7", "3-8bit-trns", "4-16bit", "6-8bit-adam7", "6-16bit"}) {
    names.push_back(std::string("type") + kind + ".png");
  }
  return ink::fuzz::golden_inputs(names);
}

void fuzz_mutate(Input& input, Random& random) {
  if (input.size() < kSignature || random.one_in(20)) {
    ink::fuzz::mutate_bytes(input, random, 0, input.size());
    return;
  }
  std::vector<Part> parts = chunks_of(input);
  if (parts.empty()) return;
  Part& part = parts[random.below(parts.size())];
  const size_t end_of_name = static_cast<size_t>(std::ranges::find(part.body, 0) - part.body.begin());
  if (part.name == "IHDR" && part.body.size() == 13 && !random.one_in(8)) {
    // Sizes and kinds that mostly exist.
    static constexpr uint8_t kDepths[] = {1, 2, 4, 8, 16}, kTypes[] = {0, 2, 3, 4, 6};
    switch (random.below(4)) {
      case 0: part.body[3 + 4 * random.below(2)] = static_cast<uint8_t>(random.below(40)); break;
      case 1: part.body[8] = random.pick(std::span<const uint8_t>(kDepths)); break;
      case 2: part.body[9] = random.pick(std::span<const uint8_t>(kTypes)); break;
      default: part.body[12] ^= 1; break;
    }
  } else if (part.name == "IDAT" && !random.one_in(4)) {
    mutate_packed(part.body, 0, random);
  } else if (part.name == "iCCP" && end_of_name + 2 <= part.body.size() && random.one_in(2)) {
    mutate_packed(part.body, end_of_name + 2, random);
  } else {
    ink::fuzz::mutate_parts(parts, random);
  }
  input = file_of(input, parts);
}
