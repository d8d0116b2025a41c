#include "kernels/base/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ink {
namespace {

// The value of a finite half or brain float by the definition of the format, exact in double.
double value_of(uint32_t bits, int mantissa_bits, int bias) {
  const int exponent = static_cast<int>((bits & 0x7fff) >> mantissa_bits);
  const double mantissa = static_cast<double>(bits & ((1u << mantissa_bits) - 1));
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                    : std::ldexp(mantissa + std::ldexp(1.0, mantissa_bits), exponent - bias - mantissa_bits);
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST(Half, EveryValueWidensExactly) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float wide = f16_to_f32(static_cast<uint16_t>(bits));
    ASSERT_EQ(std::signbit(wide), (bits & 0x8000) != 0) << bits;
    if ((bits & 0x7fff) < 0x7c00) {
      ASSERT_EQ(static_cast<double>(wide), value_of(bits, 10, 15)) << bits;
    } else {
      ASSERT_EQ(std::isinf(wide), (bits & 0x3ff) == 0) << bits;
      ASSERT_EQ(std::isnan(wide), (bits & 0x3ff) != 0) << bits;
    }
  }
}

TEST(Half, EveryValueComesBack) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const uint16_t back = f32_to_f16(f16_to_f32(static_cast<uint16_t>(bits)));
    if ((bits & 0x7fff) <= 0x7c00) {
      ASSERT_EQ(back, bits);
    } else {
      ASSERT_GT(back & 0x7fff, 0x7c00) << bits;
      ASSERT_EQ(back & 0x8000, bits & 0x8000) << bits;
    }
  }
}

TEST(Half, RoundsToNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const double low = value_of(bits, 10, 15);
    // Beyond the largest value the next step of the grid is where infinity begins.
    const double high = bits == 0x7bff ? 65536.0 : value_of(bits + 1, 10, 15);
    const auto middle = static_cast<float>((low + high) / 2);
    const uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    ASSERT_EQ(f32_to_f16(middle), even) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, 0.0f)), bits) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, INFINITY)), bits + 1) << bits;
    ASSERT_EQ(f32_to_f16(-middle), even | 0x8000u) << bits;
  }
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::max()), 0x7c00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(BrainFloat, EveryValueWidensExactly) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float wide = bf16_to_f32(static_cast<uint16_t>(bits));
    if ((bits & 0x7fff) < 0x7f80) {
      ASSERT_EQ(static_cast<double>(wide), value_of(bits, 7, 127)) << bits;
    } else {
      ASSERT_EQ(std::isinf(wide), (bits & 0x7f) == 0) << bits;
      ASSERT_EQ(std::isnan(wide), (bits & 0x7f) != 0) << bits;
    }
  }
}

}  // namespace
}  // namespace ink
