#include "tests/fuzz/picture_target.h"

using ink::fuzz::Input;
using ink::fuzz::Part;
using ink::fuzz::Random;

namespace {

// Pieces from a marker to the next one outside compressed data. A piece's name is its marker, and its body
// has neither the marker nor the length.
std::vector<Part> pieces_of(const Input& input) {
  std::vector<Part> parts;
  for (size_t at = 0; at + 1 < input.size();) {
    const uint8_t marker = input[at + 1];
    at += 2;
    const bool bare = marker == 0xd8 || marker == 0xd9;
    if (!bare && at + 2 > input.size()) break;
    const size_t length = bare ? 0 : size_t{input[at]} * 256 + input[at + 1];
    if (!bare && (length < 2 || length > input.size() - at)) break;
    const size_t begin = bare ? at : at + 2;
    at += length;
    const size_t head = at;
    if (marker == 0xda) {
      const auto inside = [&](uint8_t next) { return next == 0 || (next >= 0xd0 && next <= 0xd7); };
      while (at + 1 < input.size() && (input[at] != 0xff || inside(input[at + 1]))) ++at;
    }
    const auto from = input.begin() + static_cast<std::ptrdiff_t>(begin);
    Part part{std::string(1, static_cast<char>(marker)),
              Input(from, input.begin() + static_cast<std::ptrdiff_t>(head))};
    parts.push_back(part);
    if (at > head) {
      parts.push_back({"data", Input(input.begin() + static_cast<std::ptrdiff_t>(head),
                                     input.begin() + static_cast<std::ptrdiff_t>(at))});
    }
  }
  return parts;
}

Input file_of(const std::vector<Part>& parts) {
  Input file;
  for (const Part& part : parts) {
    if (part.name != "data") {
      const auto marker = static_cast<uint8_t>(part.name[0]);
      file.insert(file.end(), {0xff, marker});
      if (marker != 0xd8 && marker != 0xd9) {
        const size_t length = part.body.size() + 2;
        file.insert(file.end(), {static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
      }
    }
    file.insert(file.end(), part.body.begin(), part.body.end());
  }
  return file;
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) { return ink::fuzz::fuzz_picture(data, size); }

std::vector<Input> fuzz_seeds() {
  return ink::fuzz::golden_inputs(
      {"gray.jpg", "gray-progressive.jpg", "444.jpg", "422.jpg", "420.jpg", "444-progressive.jpg",
       "420-progressive.jpg", "restarts.jpg", "keep-rgb.jpg", "optimized.jpg", "cmyk.jpg", "ycck.jpg",
       "cmyk-progressive.jpg", "cmyk-profile.jpg", "gray-profile.jpg", "gray-rgb-profile.jpg",
       "orientation-4.jpg", "orientation-5.jpg", "one-pixel.jpg"});
}

void fuzz_mutate(Input& input, Random& random) {
  if (random.one_in(20)) {
    ink::fuzz::mutate_bytes(input, random, 0, input.size());
    return;
  }
  std::vector<Part> parts = pieces_of(input);
  if (parts.empty()) return;
  const size_t at = random.below(parts.size());
  Part& part = parts[at];
  const auto marker = static_cast<uint8_t>(part.name[0]);
  if (part.name == "data" || random.one_in(3)) {
    ink::fuzz::mutate_bytes(part.body, random, 0, part.body.size());
  } else if (marker >= 0xc0 && marker <= 0xc2 && part.body.size() >= 9) {
    // Sizes, sampling factors and table numbers that mostly exist.
    switch (random.below(4)) {
      case 0: part.body[2 + 2 * random.below(2)] = static_cast<uint8_t>(random.below(60)); break;
      case 1:
        part.body[7 + 3 * random.below((part.body.size() - 6) / 3)] =
            static_cast<uint8_t>((1 + random.below(4)) << 4 | (1 + random.below(4)));
        break;
      case 2:
        part.body[8 + 3 * random.below((part.body.size() - 6) / 3)] = static_cast<uint8_t>(random.below(4));
        break;
      default: part.name[0] = static_cast<char>(0xc0 + random.below(3)); break;
    }
  } else if (marker == 0xda && part.body.size() >= 6) {
    // Spectral selection and approximation: the last three bytes.
    part.body[part.body.size() - 1 - random.below(3)] =
        static_cast<uint8_t>(random.below(random.one_in(2) ? 4 : 64));
  } else {
    ink::fuzz::mutate_parts(parts, random);
  }
  input = file_of(parts);
}
