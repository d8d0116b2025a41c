#pragma once

#include <cstdint>
#include <vector>

#include "tests/pictures/png_builder.h"

namespace ink::test {

// A JPEG file cut at its markers. A piece begins with one and ends before the next; a scan's holds its data.
struct JpegPiece {
  uint8_t marker = 0;
  Bytes bytes;
};

std::vector<JpegPiece> jpeg_pieces(const Bytes& file);
Bytes joined(const std::vector<JpegPiece>& pieces);
// 0xff, the marker, the length and the body.
Bytes jpeg_marker(uint8_t marker, const Bytes& body);
// A frame header of 8 bits; each component is (sampling factors as two hexadecimal digits).
Bytes jpeg_frame(uint8_t marker, int w, int h, const std::vector<int>& components, int depth = 8);

}  // namespace ink::test
