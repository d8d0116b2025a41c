#include "kernels/pixels/pixels.h"

#include <cmath>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr PixelsVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "pixels_avx512", from_u8_row_avx512, to_u8_row_avx512, to_u16_row_avx512},
    {Isa::avx2, "pixels_avx2", from_u8_row_avx2, to_u8_row_avx2, to_u16_row_avx2},
    {Isa::sse42, "pixels_sse42", from_u8_row_sse42, to_u8_row_sse42, to_u16_row_sse42},
#endif
    {Isa::reference, "pixels_reference", from_u8_row_reference, to_u8_row_reference, to_u16_row_reference},
};

template <class Row>
void to_row(const Row& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const float value = (args.src[i] - args.offset) * args.gain;
    // Comparisons with NaN are false. Clamping first gives the same and keeps the conversion in range.
    const float positive = value > 0 ? value : 0.0f;
    args.dst[i] =
        static_cast<typename Row::Sample>(std::nearbyint(positive < Row::kWhite ? positive : Row::kWhite));
  }
}

// Calls row(src, dst, count) for all that one row of the region has.
template <class Sample, class Row>
void to_run(View<const float> src, View<Sample> dst, Rect region, int threads, Row row) {
  INK_CHECK(src.n == dst.n && src.h == dst.h && src.w == dst.w && src.c == dst.c);
  const bool gapless = src.gapless() && dst.gapless();
  for_each_run(dst.n, region, dst.c, gapless, threads, [&](int image, int y, int x, int64_t pixels) {
    row(src.at(image, y, x), dst.at(image, y, x), pixels * dst.c);
  });
}

}  // namespace

void from_u8_row_reference(const FromU8Row& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    args.dst[i] = static_cast<float>(args.src[i]) / args.divisor + args.offset;
  }
}

void to_u8_row_reference(const ToU8Row& args) { to_row(args); }
void to_u16_row_reference(const ToU16Row& args) { to_row(args); }

std::span<const PixelsVariant> pixels_variants() { return kVariants; }

const PixelsVariant& choose_pixels(Isa limit) { return best_variant(pixels_variants(), limit); }

void from_u8_run(const PixelsVariant& variant, float divisor, float offset, View<const uint8_t> src,
                 View<float> dst, Rect region, int threads) {
  INK_CHECK(src.n == dst.n && src.h == dst.h && src.w == dst.w && src.c == dst.c && divisor > 0);
  const bool gapless = src.gapless() && dst.gapless();
  for_each_run(dst.n, region, dst.c, gapless, threads, [&](int image, int y, int x, int64_t pixels) {
    variant.from_u8({src.at(image, y, x), dst.at(image, y, x), pixels * dst.c, divisor, offset});
  });
}

void to_u8_run(const PixelsVariant& variant, float offset, float gain, View<const float> src,
               View<uint8_t> dst, Rect region, int threads) {
  to_run(src, dst, region, threads, [&](const float* from, uint8_t* to, int64_t count) {
    variant.to_u8({from, to, count, offset, gain});
  });
}

void to_u16_run(const PixelsVariant& variant, float offset, float gain, View<const float> src,
                View<uint16_t> dst, Rect region, int threads) {
  to_run(src, dst, region, threads, [&](const float* from, uint16_t* to, int64_t count) {
    variant.to_u16({from, to, count, offset, gain});
  });
}

}  // namespace ink
