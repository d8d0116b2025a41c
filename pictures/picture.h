#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ink {

// What a file says beside its pixels. Blocks are kept byte for byte, apart from the orientation in them.
struct PictureMetadata {
  std::vector<std::byte> icc;   // profile of the pixels as they are here; none: sRGB, or not known
  std::vector<std::byte> exif;  // a TIFF structure, from its byte order on; asks for orientation 1
  std::vector<std::byte> xmp;
  int orientation = 1;  // that of the file, 1 to 8 as EXIF counts; the pixels are turned accordingly
};

// A picture: rows from the top, interleaved, without gaps. Channels: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB
// and alpha; alpha is not premultiplied. Samples have 8 or 16 bits and lie in `pixels` or `pixels16`.
struct Picture {
  int w = 0, h = 0, channels = 0;
  std::vector<uint8_t> pixels = {};  // (h, w, channels) where depth is 8
  int depth = 8;
  std::vector<uint16_t> pixels16 = {};  // the same where depth is 16
  PictureMetadata metadata = {};
  // What reading changed or left out, each a sentence whose subject is the file: "its colour profile is ...".
  std::vector<std::string> notices = {};
};

constexpr bool has_alpha(int channels) { return channels == 2 || channels == 4; }
constexpr bool is_gray(int channels) { return channels <= 2; }

inline size_t pixel_count(const Picture& picture) {
  return static_cast<size_t>(picture.w) * static_cast<size_t>(picture.h);
}
inline size_t sample_count(const Picture& picture) {
  return pixel_count(picture) * static_cast<size_t>(picture.channels);
}

// Calls visit with the vector that holds the samples.
template <class AnyPicture, class Visit>
decltype(auto) visit_samples(AnyPicture& picture, Visit&& visit) {
  return picture.depth == 16 ? std::forward<Visit>(visit)(picture.pixels16)
                             : std::forward<Visit>(visit)(picture.pixels);
}

enum class PictureFormat { png, jpeg, webp };

// What decoding a file will give, and what it takes.
struct PictureShape {
  int w = 0, h = 0, channels = 0, depth = 8;
  uint64_t working_bytes = 0;  // at most, beside the file and the picture
};

// What a picture must not exceed, checked before memory is taken for it.
struct PictureLimits {
  int side = 32768;
  int64_t pixels = int64_t{128} << 20;
  uint64_t file_bytes = uint64_t{2} << 30;       // for whoever opens the file
  int scans = 100;                               // of a JPEG; each may cost a pass over all pixels
  uint64_t metadata_bytes = uint64_t{16} << 20;  // of one unpacked block; a larger one is left out
};

}  // namespace ink
