#include "tests/pictures/jpeg_pieces.h"

namespace ink::test {
namespace {

Bytes pair(int value) { return {static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)}; }
Bytes one(int value) { return {static_cast<std::byte>(value)}; }

}  // namespace

std::vector<JpegPiece> jpeg_pieces(const Bytes& file) {
  std::vector<JpegPiece> pieces;
  for (size_t at = 0; at + 1 < file.size();) {
    const size_t begin = at;
    const auto marker = std::to_integer<uint8_t>(file[at + 1]);
    at += 2;
    const bool bare = marker == 0xd8 || marker == 0xd9;
    if (!bare) at += std::to_integer<size_t>(file[at]) * 256 + std::to_integer<size_t>(file[at + 1]);
    if (marker == 0xda) {
      const auto inside = [&](uint8_t next) { return next == 0 || (next >= 0xd0 && next <= 0xd7); };
      while (file[at] != std::byte{0xff} || inside(std::to_integer<uint8_t>(file[at + 1]))) ++at;
    }
    using Offset = Bytes::difference_type;
    pieces.push_back(
        {marker, Bytes(file.begin() + static_cast<Offset>(begin), file.begin() + static_cast<Offset>(at))});
  }
  return pieces;
}

Bytes joined(const std::vector<JpegPiece>& pieces) {
  Bytes file;
  for (const JpegPiece& piece : pieces) file = std::move(file) + piece.bytes;
  return file;
}

Bytes jpeg_marker(uint8_t marker, const Bytes& body) {
  return one(0xff) + one(marker) + pair(static_cast<int>(body.size()) + 2) + body;
}

Bytes jpeg_frame(uint8_t marker, int w, int h, const std::vector<int>& components, int depth) {
  Bytes body = one(depth) + pair(h) + pair(w) + one(static_cast<int>(components.size()));
  for (size_t i = 0; i < components.size(); ++i) {
    body = std::move(body) + one(static_cast<int>(i) + 1) + one(components[i]) + one(0);
  }
  return jpeg_marker(marker, body);
}

}  // namespace ink::test
