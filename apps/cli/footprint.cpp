#include "apps/cli/footprint.h"

#include <algorithm>

#include "models/image/resample.h"

namespace ink::cli {
namespace {

uint64_t area(PixelSize size) { return static_cast<uint64_t>(size.w) * static_cast<uint64_t>(size.h); }

}  // namespace

Footprint footprint(const PictureShape& shape, uint64_t file_bytes, PixelSize enlarged, PixelSize size,
                    const EncodeOptions& encode) {
  const auto sample = static_cast<uint64_t>(shape.depth / 8);
  const uint64_t pixels = area({shape.w, shape.h});
  const bool alpha = has_alpha(shape.channels);
  const uint64_t decoded = pixels * static_cast<uint64_t>(shape.channels) * sample;
  const uint64_t kept = pixels * (alpha ? 4 : 3) * sample;
  // A result gets the room that its alpha will need from the start.
  const uint64_t largest = shape.channels == 4 ? 4 : 3;
  const uint64_t of_network = area(enlarged) * largest * sample, result = area(size) * largest * sample;
  uint64_t joining = result + pixels * sample;
  if (alpha) joining += area(size) * sample + resize_bytes(shape.h, 1, size.w, shape.depth);
  if (enlarged != size) {
    joining = std::max(joining, of_network + result + resize_bytes(enlarged.h, 3, size.w, shape.depth));
  }
  return {file_bytes + decoded + std::max(shape.working_bytes, kept), kept + of_network, joining,
          result + encoding_bytes(size.w, size.h, shape.channels, shape.depth, encode)};
}

}  // namespace ink::cli
