#include "pictures/channels.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/check.h"

namespace ink {
namespace {

size_t area(const Picture& picture) {
  return static_cast<size_t>(picture.w) * static_cast<size_t>(picture.h);
}

class TransparentFill {
 public:
  explicit TransparentFill(Picture& picture)
      : picture_(picture), w_(picture.w), h_(picture.h), channels_(static_cast<size_t>(picture.channels)) {}

  void run() {
    known_.resize(area(picture_));
    for (size_t i = 0; i < known_.size(); ++i)
      known_[i] = picture_.pixels[i * channels_ + channels_ - 1] != 0;
    std::vector<size_t> ring = first_ring();
    while (!ring.empty()) {
      for (const size_t pixel : ring) mix(pixel);
      // Only now: a ring must not see itself, or the result would depend on the order within it.
      for (const size_t pixel : ring) known_[pixel] = kKnown;
      ring = next_ring(ring);
    }
  }

 private:
  enum : uint8_t { kUnknown = 0, kKnown = 1, kQueued = 2 };

  template <class Visit>
  void each_neighbour(size_t pixel, Visit visit) const {
    const int x = static_cast<int>(pixel % static_cast<size_t>(w_));
    const int y = static_cast<int>(pixel / static_cast<size_t>(w_));
    for (int ny = std::max(y - 1, 0); ny <= std::min(y + 1, h_ - 1); ++ny) {
      for (int nx = std::max(x - 1, 0); nx <= std::min(x + 1, w_ - 1); ++nx) {
        if (nx != x || ny != y)
          visit(static_cast<size_t>(ny) * static_cast<size_t>(w_) + static_cast<size_t>(nx));
      }
    }
  }

  std::vector<size_t> first_ring() {
    std::vector<size_t> ring;
    for (size_t pixel = 0; pixel < known_.size(); ++pixel) {
      if (known_[pixel] != kUnknown) continue;
      bool touches = false;
      each_neighbour(pixel, [&](size_t other) { touches |= known_[other] == kKnown; });
      if (!touches) continue;
      known_[pixel] = kQueued;
      ring.push_back(pixel);
    }
    return ring;
  }

  std::vector<size_t> next_ring(const std::vector<size_t>& ring) {
    std::vector<size_t> next;
    for (const size_t pixel : ring) {
      each_neighbour(pixel, [&](size_t other) {
        if (known_[other] != kUnknown) return;
        known_[other] = kQueued;
        next.push_back(other);
      });
    }
    return next;
  }

  void mix(size_t pixel) {
    unsigned sum[3] = {}, count = 0;
    each_neighbour(pixel, [&](size_t other) {
      if (known_[other] != kKnown) return;
      for (size_t c = 0; c + 1 < channels_; ++c) sum[c] += picture_.pixels[other * channels_ + c];
      ++count;
    });
    for (size_t c = 0; c + 1 < channels_; ++c) {
      picture_.pixels[pixel * channels_ + c] = static_cast<uint8_t>((2 * sum[c] + count) / (2 * count));
    }
  }

  Picture& picture_;
  int w_, h_;
  size_t channels_;
  std::vector<uint8_t> known_;
};

}  // namespace

std::vector<uint8_t> alpha_plane(const Picture& picture) {
  if (!has_alpha(picture.channels)) return {};
  const auto channels = static_cast<size_t>(picture.channels);
  std::vector<uint8_t> alpha(area(picture));
  for (size_t i = 0; i < alpha.size(); ++i) alpha[i] = picture.pixels[i * channels + channels - 1];
  return alpha;
}

Picture to_rgb(Picture picture) {
  if (picture.channels == 3) return picture;
  const size_t count = area(picture), channels = static_cast<size_t>(picture.channels);
  std::vector<uint8_t>& pixels = picture.pixels;
  if (picture.channels == 4) {
    for (size_t i = 0; i < count; ++i) std::copy_n(&pixels[i * 4], 3, &pixels[i * 3]);
    pixels.resize(count * 3);
  } else {
    pixels.resize(count * 3);
    // From the end: the pixel written never lies before one that is still to be read.
    for (size_t i = count; i-- > 0;) std::fill_n(&pixels[i * 3], 3, uint8_t{pixels[i * channels]});
  }
  picture.channels = 3;
  return picture;
}

Picture from_rgb(Picture picture, int channels, const std::vector<uint8_t>& alpha) {
  INK_CHECK(picture.channels == 3);
  const size_t count = area(picture);
  INK_CHECK(!has_alpha(channels) || alpha.size() == count);
  std::vector<uint8_t>& pixels = picture.pixels;
  if (channels == 4) {
    pixels.resize(count * 4);
    for (size_t i = count; i-- > 0;) {
      std::copy_backward(&pixels[i * 3], &pixels[i * 3] + 3, &pixels[i * 4] + 3);
      pixels[i * 4 + 3] = alpha[i];
    }
  } else if (is_gray(channels)) {
    for (size_t i = 0; i < count; ++i) {
      const unsigned sum = pixels[i * 3] + pixels[i * 3 + 1] + pixels[i * 3 + 2];
      const auto gray = static_cast<uint8_t>((sum + 1) / 3);
      pixels[i * static_cast<size_t>(channels)] = gray;
      if (channels == 2) pixels[i * 2 + 1] = alpha[i];
    }
    pixels.resize(count * static_cast<size_t>(channels));
  }
  picture.channels = channels;
  return picture;
}

void fill_transparent(Picture& picture) {
  if (has_alpha(picture.channels)) TransparentFill(picture).run();
}

}  // namespace ink
