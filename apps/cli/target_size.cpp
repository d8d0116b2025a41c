#include "apps/cli/target_size.h"

#include <algorithm>
#include <vector>

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

constexpr int kLargest = 1 << 20;

Result<int> parse_side(const std::string& text, const char* option) {
  if (text.empty()) return 0;
  return parse_int(text, option, 1, kLargest);
}

// The other side of a picture whose side `from` becomes `to`.
int in_proportion(int other, int from, int to) {
  const int64_t rounded = (int64_t{2} * other * to + from) / (int64_t{2} * from);
  return static_cast<int>(std::clamp<int64_t>(rounded, 1, INT32_MAX));
}

}  // namespace

Result<TargetSize> parse_target_size(const std::string& width, const std::string& height,
                                     const std::string& resolution) {
  TargetSize target;
  INK_TRY(target.w, parse_side(width, "--width"));
  INK_TRY(target.h, parse_side(height, "--height"));
  if (resolution.empty()) return target;
  if (target.wanted()) {
    return Error{ErrorKind::usage,
                 "--resolution says both sides: --width and --height cannot stand beside it"};
  }
  const std::vector<std::string> sides = split(resolution, 'x');
  if (sides.size() != 2) {
    return Error{ErrorKind::usage,
                 "--resolution: expected WxH such as 1920x1080, found \"" + resolution + "\""};
  }
  INK_TRY(target.w, parse_int(sides[0], "--resolution", 1, kLargest));
  INK_TRY(target.h, parse_int(sides[1], "--resolution", 1, kLargest));
  return target;
}

PixelSize size_for(const TargetSize& target, PixelSize picture) {
  if (target.w > 0 && target.h > 0) return {target.w, target.h};
  if (target.w > 0) return {target.w, in_proportion(picture.h, picture.w, target.w)};
  return {in_proportion(picture.w, picture.h, target.h), target.h};
}

}  // namespace ink::cli
