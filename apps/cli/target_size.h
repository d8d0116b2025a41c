#pragma once

#include <string>

#include "kernels/base/result.h"

namespace ink::cli {

// The size that results shall have, in pixels; 0: not asked for.
struct TargetSize {
  int w = 0, h = 0;

  bool wanted() const { return w > 0 || h > 0; }
};

struct PixelSize {
  int w = 0, h = 0;

  bool operator==(const PixelSize&) const = default;
};

// From --width, --height and --resolution WxH, empty where not given. Error: usage.
Result<TargetSize> parse_target_size(const std::string& width, const std::string& height,
                                     const std::string& resolution);

// What a picture becomes: the wanted size where both sides are wanted; where one is, the other follows from
// the picture's proportions, rounded, at least 1.
PixelSize size_for(const TargetSize& target, PixelSize picture);

}  // namespace ink::cli
