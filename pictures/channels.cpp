#include "pictures/channels.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "kernels/base/check.h"
#include "pictures/rows8.h"

namespace ink {
namespace {

template <class Sample>
class TransparentFill {
 public:
  TransparentFill(const Picture& picture, std::vector<Sample>& samples)
      : samples_(samples),
        w_(picture.w),
        h_(picture.h),
        channels_(static_cast<size_t>(picture.channels)),
        known_(pixel_count(picture)) {}

  void run() {
    for (size_t i = 0; i < known_.size(); ++i) known_[i] = samples_[i * channels_ + channels_ - 1] != 0;
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
      for (size_t c = 0; c + 1 < channels_; ++c) sum[c] += samples_[other * channels_ + c];
      ++count;
    });
    for (size_t c = 0; c + 1 < channels_; ++c) {
      samples_[pixel * channels_ + c] = static_cast<Sample>((2 * sum[c] + count) / (2 * count));
    }
  }

  std::vector<Sample>& samples_;
  int w_, h_;
  size_t channels_;
  std::vector<uint8_t> known_;
};

template <class Sample>
void samples_to_rgb(std::vector<Sample>& samples, size_t count, size_t channels) {
  if (channels == 4) {
    for (size_t i = 0; i < count; ++i) std::copy_n(&samples[i * 4], 3, &samples[i * 3]);
    samples.resize(count * 3);
  } else {
    samples.resize(count * 3);
    // From the end: the pixel written never lies before one that is still to be read.
    for (size_t i = count; i-- > 0;) std::fill_n(&samples[i * 3], 3, Sample{samples[i * channels]});
  }
}

template <class Sample>
void samples_from_rgb(std::vector<Sample>& samples, size_t count, int channels,
                      const std::vector<Sample>& alpha) {
  INK_CHECK(!has_alpha(channels) || alpha.size() == count);
  if (channels == 4) {
    samples.resize(count * 4);
    for (size_t i = count; i-- > 0;) {
      std::copy_backward(&samples[i * 3], &samples[i * 3] + 3, &samples[i * 4] + 3);
      samples[i * 4 + 3] = alpha[i];
    }
  } else if (is_gray(channels)) {
    for (size_t i = 0; i < count; ++i) {
      const unsigned sum = 0u + samples[i * 3] + samples[i * 3 + 1] + samples[i * 3 + 2];
      samples[i * static_cast<size_t>(channels)] = static_cast<Sample>((sum + 1) / 3);
      if (channels == 2) samples[i * 2 + 1] = alpha[i];
    }
    samples.resize(count * static_cast<size_t>(channels));
  }
}

}  // namespace

Picture alpha_plane(const Picture& picture) {
  Picture alpha{picture.w, picture.h, 1, {}, picture.depth};
  if (!has_alpha(picture.channels)) return {};
  const auto channels = static_cast<size_t>(picture.channels);
  visit_samples(alpha, [&](auto& plane) {
    plane.resize(pixel_count(picture));
    visit_samples(picture, [&](const auto& samples) {
      using Sample = std::remove_reference_t<decltype(plane[0])>;
      for (size_t i = 0; i < plane.size(); ++i)
        plane[i] = static_cast<Sample>(samples[(i + 1) * channels - 1]);
    });
  });
  return alpha;
}

Picture to_rgb(Picture picture) {
  if (picture.channels == 3) return picture;
  visit_samples(picture, [&](auto& samples) {
    samples_to_rgb(samples, pixel_count(picture), static_cast<size_t>(picture.channels));
  });
  picture.channels = 3;
  return picture;
}

Picture from_rgb(Picture picture, int channels, const Picture& alpha) {
  INK_CHECK(picture.channels == 3 && (!has_alpha(channels) || alpha.depth == picture.depth));
  const size_t count = pixel_count(picture);
  if (picture.depth == 16) {
    samples_from_rgb(picture.pixels16, count, channels, alpha.pixels16);
  } else {
    samples_from_rgb(picture.pixels, count, channels, alpha.pixels);
  }
  picture.channels = channels;
  return picture;
}

void fill_transparent(Picture& picture) {
  if (!has_alpha(picture.channels)) return;
  visit_samples(picture, [&](auto& samples) { TransparentFill(picture, samples).run(); });
}

Picture to_depth(Picture picture, int depth) {
  INK_CHECK(depth == 8 || depth == 16);
  if (depth == picture.depth) return picture;
  if (depth == 8) {
    picture.pixels.resize(picture.pixels16.size());
    std::ranges::transform(picture.pixels16, picture.pixels.begin(), to_8_bits);
    picture.pixels16 = {};
  } else {
    picture.pixels16.resize(picture.pixels.size());
    std::ranges::transform(picture.pixels, picture.pixels16.begin(),
                           [](uint8_t v) { return static_cast<uint16_t>(v * 257); });
    picture.pixels = {};
  }
  picture.depth = depth;
  return picture;
}

}  // namespace ink
