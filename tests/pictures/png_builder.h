#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ink::test {

// PNG files made byte by byte from the standard, without libpng, whole ones and broken ones.

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text);
Bytes operator+(Bytes a, const Bytes& b);

Bytes png_signature();
// Length, type, body and the right CRC.
Bytes png_chunk(std::string_view type, const Bytes& body);
Bytes png_header(uint32_t w, uint32_t h, int depth, int colour_type, int interlace = 0);
Bytes deflated(const Bytes& raw);

struct RawPng {
  int w = 0, h = 0, depth = 8, colour_type = 0;
  bool interlaced = false;
  std::vector<int> samples;       // (h, w, samples of the colour type)
  std::vector<int> palette;       // r, g, b, r, g, b, ...
  std::vector<int> transparency;  // the bytes of tRNS
};

int samples_of(int colour_type);
// The filtered rows (all of filter 0), pass by pass where interlaced.
Bytes raw_rows(const RawPng& image);
Bytes build_png(const RawPng& image);

}  // namespace ink::test
