#pragma once

namespace ink {

// The numbers that products are computed with: matrix products and convolutions, nothing else. f32 is the
// default; the others are chosen explicitly.
enum class Precision { f32, bf16, int8 };

constexpr const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::f32: return "f32";
    case Precision::bf16: return "bf16";
    case Precision::int8: return "int8";
  }
  return "?";
}

}  // namespace ink
