#include "pictures/rows8.h"

#include <type_traits>
#include <utility>

namespace ink {

Rows8::Rows8(const Picture& picture, int channels, std::vector<uint16_t> levels)
    : picture_(picture), channels_(channels), levels_(std::move(levels)) {
  INK_CHECK(channels == picture.channels || channels == picture.channels + 2);
  INK_CHECK(levels_.empty() || is_gray(picture.channels));
  if (picture.depth == 16 || channels != picture.channels || !levels_.empty()) {
    row_.resize(static_cast<size_t>(picture.w) * static_cast<size_t>(channels));
  }
}

template <class Sample>
void Rows8::fill(const Sample* src) {
  const auto to_8 = [](auto value) {
    if constexpr (std::is_same_v<Sample, uint16_t>) return to_8_bits(static_cast<uint16_t>(value));
    return static_cast<uint8_t>(value);
  };
  const int own = picture_.channels;
  const bool gray = is_gray(own);
  uint8_t* dst = row_.data();
  for (int x = 0; x < picture_.w; ++x, src += own) {
    if (gray) {
      const uint8_t level = levels_.empty() ? to_8(src[0]) : to_8(levels_[src[0]]);
      for (int c = 0; c < (is_gray(channels_) ? 1 : 3); ++c) *dst++ = level;
    } else {
      for (int c = 0; c < 3; ++c) *dst++ = to_8(src[c]);
    }
    if (has_alpha(own)) *dst++ = to_8(src[own - 1]);
  }
}

const uint8_t* Rows8::row(int y) {
  const size_t offset =
      static_cast<size_t>(y) * static_cast<size_t>(picture_.w) * static_cast<size_t>(picture_.channels);
  if (row_.empty()) return picture_.pixels.data() + offset;
  if (picture_.depth == 16) {
    fill(picture_.pixels16.data() + offset);
  } else {
    fill(picture_.pixels.data() + offset);
  }
  return row_.data();
}

}  // namespace ink
