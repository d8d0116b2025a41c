#include "models/image/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/check.h"
#include "kernels/base/parallel.h"
#include "models/image/float_taps.h"
#include "models/image/resample_float.h"
#include "models/image/rgb_rows.h"

namespace ink {
namespace {

constexpr int64_t kMostPixels = int64_t{1} << 28;

// Where everything lies: the square of the source, what it is resized to, and the window of that.
struct Geometry {
  int x0 = 0, y0 = 0, w = 0, h = 0;  // of the source
  PictureSize resized, inner;        // inner: before the edges of `pad` go on
  int cx = 0, cy = 0;
  PictureSize out;
};

std::string text_of(PictureSize size) { return std::to_string(size.w) + " x " + std::to_string(size.h); }

// As int() of Python truncates a quotient of exact integers.
int64_t scaled_side(int side, int longer, int shorter) {
  return static_cast<int64_t>(static_cast<double>(int64_t{side} * longer) / shorter);
}

// TensorFlow's own, in float32, rounded half to even.
int kept_side(int side, float scale) {
  return static_cast<int>(std::nearbyint(scale * static_cast<float>(side)));
}

int crop_offset(int rest, CropRounding rounding) {
  const int half = rest / 2;
  if (rounding == CropRounding::down || rest % 2 == 0) return half;
  return half + half % 2;
}

Result<Geometry> geometry(int w, int h, const ImagePreprocess& how) {
  INK_TRY_STATUS(how.check("inkstone.preprocess"));
  Geometry g{0, 0, w, h, {}, {}, 0, 0, {}};
  if (how.square) {
    const int side = std::min(w, h);
    g = {(w - side) / 2, (h - side) / 2, side, side, {}, {}, 0, 0, {}};
  }
  const auto refuse = [&](const std::string& what) {
    return Error{ErrorKind::limit, std::string("a picture of ") + text_of({w, h}) + " pixels " + what};
  };
  switch (how.resize) {
    case ResizeKind::none: g.resized = {g.w, g.h}; break;
    case ResizeKind::stretch: g.resized = how.size; break;
    case ResizeKind::shorter: {
      const int64_t longer = scaled_side(how.size.w, std::max(g.w, g.h), std::min(g.w, g.h));
      if (longer > kMostPixels)
        return refuse("is too narrow for its shorter side to become " + std::to_string(how.size.w));
      g.resized = g.w <= g.h ? PictureSize{how.size.w, static_cast<int>(longer)}
                             : PictureSize{static_cast<int>(longer), how.size.w};
      break;
    }
    case ResizeKind::pad: g.resized = how.size; break;
  }
  g.inner = g.resized;
  if (how.resize == ResizeKind::pad) {
    const float scale = std::min(static_cast<float>(how.size.w) / static_cast<float>(g.w),
                                 static_cast<float>(how.size.h) / static_cast<float>(g.h));
    g.inner = {kept_side(g.w, scale), kept_side(g.h, scale)};
    if (g.inner.w < 1 || g.inner.h < 1) {
      return refuse(std::string("is too narrow to be fitted into ") + text_of(how.size) +
                    " with its aspect kept");
    }
  }
  g.out = how.crop == PictureSize{} ? g.resized : how.crop;
  if (g.out.w > g.resized.w || g.out.h > g.resized.h) {
    return refuse(std::string("becomes ") + text_of(g.resized) + ", from which no " + text_of(g.out) +
                  " can be cut");
  }
  g.cx = crop_offset(g.resized.w - g.out.w, how.crop_rounding);
  g.cy = crop_offset(g.resized.h - g.out.h, how.crop_rounding);
  if (int64_t{g.out.w} * g.out.h > kMostPixels)
    return refuse(std::string("would become one of ") + text_of(g.out));
  return g;
}

// Scale and normalisation of samples in the order of dst; v is of [0, 255].
class Normalizer {
 public:
  explicit Normalizer(const ImagePreprocess& how) : how_(how) {
    for (size_t c = 0; c < 3; ++c) {
      mean_[c] = static_cast<float>(how.mean[c]);
      std_[c] = static_cast<float>(how.std[c]);
      for (size_t v = 0; v < 256; ++v) table_[c][v] = (*this)(c, static_cast<float>(v));
    }
  }

  float operator()(size_t c, float v) const {
    if (how_.scale == SampleScale::divide) v /= static_cast<float>(how_.scale_by);
    if (how_.scale == SampleScale::multiply) v = static_cast<float>(static_cast<double>(v) * how_.scale_by);
    v = (v - mean_[c]) / std_[c];
    return how_.std_twice ? v / std_[c] : v;
  }
  // Of a whole sample.
  float at(size_t c, uint8_t v) const { return table_[c][v]; }
  // The channel of RGB that channel c of dst is.
  size_t source(size_t c) const { return how_.bgr ? 2 - c : c; }

 private:
  const ImagePreprocess& how_;
  std::array<float, 3> mean_{}, std_{};
  std::array<std::array<float, 256>, 3> table_{};
};

void write_row(const Normalizer& normalizer, const uint8_t* rgb, int w, float* dst) {
  for (int x = 0; x < w; ++x, rgb += 3, dst += 3) {
    for (size_t c = 0; c < 3; ++c) dst[c] = normalizer.at(c, rgb[normalizer.source(c)]);
  }
}

size_t rgb_samples(PictureSize size) { return static_cast<size_t>(size.w) * static_cast<size_t>(size.h) * 3; }

ResizeAxis x_axis(const Geometry& g) { return {g.w, g.resized.w, g.cx, g.out.w}; }
ResizeAxis y_axis(const Geometry& g) { return {g.h, g.resized.h, g.cy, g.out.h}; }

// Resized as RGB.
AlignedBuffer<uint8_t> resized_rgb(const PictureView& src, const ImagePreprocess& how, const Geometry& g,
                                   int threads) {
  AlignedBuffer<uint8_t> rgb(rgb_samples(g.out));
  const auto read = [&](int y, uint8_t* scratch) {
    return rgb_row(src, how.alpha, g.y0 + y, scratch) + int64_t{g.x0} * 3;
  };
  resize_pillow(RowSource<uint8_t>{read, int64_t{src.w} * 3}, 3, x_axis(g), y_axis(g), how.filter, rgb.data(),
                threads);
  return rgb;
}

// Resized in the picture's own mode, then made RGB, as Pillow's resize goes about each mode.
AlignedBuffer<uint8_t> resized_own_mode(const PictureView& src, const ImagePreprocess& how, const Geometry& g,
                                        int threads) {
  const int channels = mode_channels(src.mode);
  const size_t samples = rgb_samples(g.out) / 3 * static_cast<size_t>(channels);
  const bool indices = src.mode == PixelMode::palette || src.mode == PixelMode::bit;
  const ResizeFilter filter = indices ? ResizeFilter::nearest : how.filter;
  const bool alpha = src.mode == PixelMode::rgba || src.mode == PixelMode::gray_alpha;
  const bool same_size = g.w == g.resized.w && g.h == g.resized.h;
  const bool premultiply = alpha && filter != ResizeFilter::nearest && !same_size;
  const int64_t row = int64_t{src.w} * channels, x0 = int64_t{g.x0} * channels;

  const bool deep = has_16_bits(src.mode);
  AlignedBuffer<uint8_t> bytes(deep ? 0 : samples);
  AlignedBuffer<uint16_t> words(deep ? samples : 0);
  if (!deep) {
    const auto read = [&](int y, uint8_t* scratch) {
      const uint8_t* whole =
          premultiply ? premultiplied_row(src, g.y0 + y, scratch) : src.samples + (g.y0 + y) * row;
      return whole + x0;
    };
    resize_pillow(RowSource<uint8_t>{read, row}, channels, x_axis(g), y_axis(g), filter, bytes.data(),
                  threads);
    if (premultiply) undo_premultiplied(bytes.data(), int64_t{g.out.w} * g.out.h, channels);
  } else {
    const auto read = [&](int y, uint16_t*) { return src.samples16 + (g.y0 + y) * row + x0; };
    resize_pillow(RowSource<uint16_t>{read}, channels, x_axis(g), y_axis(g), filter, words.data(), threads);
  }
  const PictureView own{g.out.w, g.out.h, src.mode, bytes.data(), words.data(), src.palette};
  AlignedBuffer<uint8_t> rgb(rgb_samples(g.out));
  for (int y = 0; y < g.out.h; ++y) {
    uint8_t* to = rgb.data() + int64_t{y} * g.out.w * 3;
    const uint8_t* from = rgb_row(own, how.alpha, y, to);
    if (from != to) std::copy_n(from, int64_t{g.out.w} * 3, to);
  }
  return rgb;
}

// Row y of src as floats in the order of dst, normalised if that comes first.
void float_row(const PictureView& src, const ImagePreprocess& how, const Normalizer& normalizer, int y,
               int x0, int w, uint8_t* bytes, float* dst) {
  if (src.mode == PixelMode::rgb16) {
    const uint16_t* row = src.samples16 + (int64_t{y} * src.w + x0) * 3;
    for (int x = 0; x < w; ++x, row += 3, dst += 3) {
      for (size_t c = 0; c < 3; ++c) {
        const float v = static_cast<float>(row[normalizer.source(c)]) / 257.0f;
        dst[c] = how.normalize_first ? normalizer(c, v) : v;
      }
    }
    return;
  }
  const uint8_t* rgb = rgb_row(src, how.alpha, y, bytes) + int64_t{x0} * 3;
  if (how.normalize_first) return write_row(normalizer, rgb, w, dst);
  for (int x = 0; x < w; ++x, rgb += 3, dst += 3) {
    for (size_t c = 0; c < 3; ++c) dst[c] = rgb[normalizer.source(c)];
  }
}

Status preprocess_floats(const PictureView& src, const ImagePreprocess& how, const Geometry& g,
                         const Normalizer& normalizer, float* dst, int threads) {
  const bool pad = how.resize == ResizeKind::pad;
  const ResizeAxis across = pad ? ResizeAxis::whole(g.w, g.inner.w) : x_axis(g),
                   along = pad ? ResizeAxis::whole(g.h, g.inner.h) : y_axis(g);
  // A resize that keeps both sides is none, whatever the filter.
  const bool keep = g.w == g.inner.w && g.h == g.inner.h;
  const ResizeFilter filter = keep ? ResizeFilter::nearest : how.filter;
  INK_TRY(const FloatTaps x, float_taps(across, how.resizer, filter, how.antialias));
  INK_TRY(const FloatTaps y, float_taps(along, how.resizer, filter, how.antialias));

  const int64_t row_floats = int64_t{g.w} * 3;
  const auto read = [&](int row, float* scratch) {
    auto* bytes = reinterpret_cast<uint8_t*>(scratch + row_floats);
    float_row(src, how, normalizer, g.y0 + row, g.x0, g.w, bytes, scratch);
    return scratch;
  };
  const RowSource<float> rows{read, row_floats + src.w};
  if (!pad) {
    resize_floats(rows, g.w, x, y, dst, threads);
  } else {
    const int64_t row = int64_t{g.inner.w} * 3;
    AlignedBuffer<float> inner(rgb_samples(g.inner));
    resize_floats(rows, g.w, x, y, inner.data(), threads);
    const auto inner_row = [&](int r, float*) { return inner.data() + r * row; };
    resize_floats(RowSource<float>{inner_row}, g.inner.w, centred_taps(g.inner.w, g.out.w),
                  centred_taps(g.inner.h, g.out.h), dst, threads);
  }
  if (how.normalize_first) return {};
  parallel_for(g.out.h, threads, [&](int64_t row, int) {
    float* at = dst + row * g.out.w * 3;
    for (int i = 0; i < g.out.w; ++i, at += 3) {
      for (size_t c = 0; c < 3; ++c) at[c] = normalizer(c, at[c]);
    }
  });
  return {};
}

}  // namespace

Result<PictureSize> output_size(int w, int h, const ImagePreprocess& how) {
  INK_TRY(const Geometry g, geometry(w, h, how));
  return g.out;
}

Status preprocess(const PictureView& src, const ImagePreprocess& how, float* dst, int threads) {
  INK_CHECK(src.w > 0 && src.h > 0);
  INK_CHECK(has_16_bits(src.mode) ? src.samples16 != nullptr : src.samples != nullptr);
  threads = std::max(threads, 1);
  INK_TRY(const Geometry g, geometry(src.w, src.h, how));
  const Normalizer normalizer(how);
  if (how.resizer != Resizer::pillow) return preprocess_floats(src, how, g, normalizer, dst, threads);
  const AlignedBuffer<uint8_t> rgb =
      how.rgb == RgbRule::first ? resized_rgb(src, how, g, threads) : resized_own_mode(src, how, g, threads);
  parallel_for(g.out.h, threads, [&](int64_t y, int) {
    const int64_t at = y * g.out.w * 3;
    write_row(normalizer, rgb.data() + at, g.out.w, dst + at);
  });
  return {};
}

Result<uint64_t> preprocess_bytes(const PictureView& src, const ImagePreprocess& how, int threads) {
  INK_TRY(const Geometry g, geometry(src.w, src.h, how));
  const auto bytes = [](int w, int h, uint64_t each) {
    return static_cast<uint64_t>(w) * static_cast<uint64_t>(h) * each;
  };
  constexpr uint64_t kTapBytes = 256,
                     kRowBytes = 32;  // a row or column of the source, for its weights and scratch
  const uint64_t tables = bytes(g.w + g.resized.w, 1, kTapBytes) + bytes(g.h + g.resized.h, 1, kTapBytes) +
                          bytes(src.w, std::max(threads, 1), kRowBytes);
  if (how.resizer == Resizer::pillow) {
    constexpr uint64_t kPixelBytes = 8;  // 4 channels of 16 bits
    return tables + bytes(g.out.w, g.h, kPixelBytes) + 2 * bytes(g.out.w, g.out.h, kPixelBytes);
  }
  constexpr uint64_t kPixelBytes = 3 * sizeof(float);
  const int widest = 6 * (g.h / g.inner.h + 1) + 2;  // rows that an output may need
  return tables + bytes(g.inner.w, g.inner.h, kPixelBytes) +
         static_cast<uint64_t>(std::max(threads, 1)) * bytes(g.inner.w, std::min(widest, g.h), kPixelBytes);
}

}  // namespace ink
