#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// ICC profiles. Conversions need lcms2 (build option INK_LCMS) and go to sRGB: relative colorimetric, with
// compensation of the black point.

enum class ColourModel { gray, rgb, cmyk, other };

// What the samples are that a profile describes, by its header; nothing where the block is no ICC profile.
std::optional<ColourModel> profile_model(ByteSpan icc);

// For every gray level of `depth` bits, the one of sRGB that looks the same; a profile for RGB takes a level
// as three equal samples. Nothing where the profile cannot be used, or this build has no lcms2.
std::optional<std::vector<uint16_t>> gray_levels_in_srgb(ByteSpan icc, int depth);

// Rows of CMYK as JPEG files have it, where 255 is no ink.
class CmykRows {
 public:
  // `icc` may be empty. A notice says what is done.
  CmykRows(ByteSpan icc, std::vector<std::string>& notices);
  ~CmykRows();
  CmykRows(const CmykRows&) = delete;
  CmykRows& operator=(const CmykRows&) = delete;

  void to_rgb(const uint8_t* cmyk, uint8_t* rgb, size_t pixels) const;

 private:
  struct Transform;
  std::unique_ptr<Transform> transform_;  // none: each ink alone takes away its light
};

// Leaves a picture with a profile that fits its channels, or with none: a gray picture with a profile for RGB
// becomes sRGB gray, any other mismatch loses the profile. Adds a notice where something changed.
void fit_profile(Picture& picture);

// "lcms2 2.14", or nothing in a build without.
std::string colour_library_version();

}  // namespace ink
