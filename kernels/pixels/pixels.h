#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

// Samples of a picture to the values of a network and back. Every operation below is one rounding of IEEE
// binary32 in the order written, so that all variants, numpy and torch agree to the bit.

// dst[i] = float(src[i]) / divisor + offset,  i < count. divisor > 0; an offset of 0 changes nothing.
struct FromU8Row {
  const uint8_t* src;
  float* dst;
  int64_t count;
  float divisor, offset;
};

// dst[i] = clamp(round((src[i] - offset) * gain), 0, 255),  i < count: round half to even, NaN gives 0.
struct ToU8Row {
  using Sample = uint8_t;
  static constexpr float kWhite = 255;
  const float* src;
  uint8_t* dst;
  int64_t count;
  float offset, gain;
};

// The same with 16 bits: 65535 for 255.
struct ToU16Row {
  using Sample = uint16_t;
  static constexpr float kWhite = 65535;
  const float* src;
  uint16_t* dst;
  int64_t count;
  float offset, gain;
};

// Serial; allocate nothing; touch only the `count` elements. The rounding mode is the default one.
using FromU8Kernel = void(const FromU8Row&);
using ToU8Kernel = void(const ToU8Row&);
using ToU16Kernel = void(const ToU16Row&);
FromU8Kernel from_u8_row_reference, from_u8_row_sse42, from_u8_row_avx2, from_u8_row_avx512;
ToU8Kernel to_u8_row_reference, to_u8_row_sse42, to_u8_row_avx2, to_u8_row_avx512;
ToU16Kernel to_u16_row_reference, to_u16_row_sse42, to_u16_row_avx2, to_u16_row_avx512;

struct PixelsVariant {
  Isa isa;
  const char* name;
  FromU8Kernel* from_u8;
  ToU8Kernel* to_u8;
  ToU16Kernel* to_u16;
};

// Best first, reference last.
std::span<const PixelsVariant> pixels_variants();
const PixelsVariant& choose_pixels(Isa limit);

// The rows above for every channel of (y, x) in `region`. The maps have one shape, any number of channels.
void from_u8_run(const PixelsVariant& variant, float divisor, float offset, View<const uint8_t> src,
                 View<float> dst, Rect region, int threads);
void to_u8_run(const PixelsVariant& variant, float offset, float gain, View<const float> src,
               View<uint8_t> dst, Rect region, int threads);
void to_u16_run(const PixelsVariant& variant, float offset, float gain, View<const float> src,
                View<uint16_t> dst, Rect region, int threads);

}  // namespace ink
