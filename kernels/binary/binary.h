#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/epilogue.h"
#include "kernels/base/isa.h"
#include "kernels/base/view.h"

namespace ink {

enum class BinaryOp { add, mul, max };  // the maximum with a NaN is NaN

constexpr const char* binary_op_name(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "add";
    case BinaryOp::mul: return "mul";
    case BinaryOp::max: return "max";
  }
  return "?";
}

// dst[p * dst_stride + i] = act(a[p * a_stride + i] op b[p * b_stride + (b_is_scalar ? 0 : i)]),
// p < pixels, i < channels. b_stride 0 gives every pixel the same b. dst may be a, and b where b has a's
// shape.
struct BinaryRow {
  const float* a;
  const float* b;
  float* dst;
  int64_t pixels, channels;
  int64_t a_stride, b_stride, dst_stride;
  bool b_is_scalar;
  BinaryOp op;
  Activation activation;
  float slope;  // of leaky_relu
};

// Serial; allocates nothing; touches only the elements above.
using BinaryKernel = void(const BinaryRow&);
BinaryKernel binary_row_reference, binary_row_sse42, binary_row_avx2, binary_row_avx512;

struct BinaryVariant {
  Isa isa;
  const char* name;
  BinaryKernel* row;
};

// Best first, reference last.
std::span<const BinaryVariant> binary_variants();
const BinaryVariant& choose_binary(Isa limit);

// dst[n,y,x,c] = act(a[n,y,x,c] op b[n,y,x,c]) for (y, x) in `region`. a and dst have one shape (n, h, w, c).
// Each of b.n, (b.h, b.w) and b.c is that of a or 1, and what is 1 is repeated: (1, 1, 1, c) a value per
// channel, (n, h, w, 1) a value per pixel. dst may be a; dst may be b where b has a's shape.
void binary_run(const BinaryVariant& variant, BinaryOp op, Activation activation, float slope,
                View<const float> a, View<const float> b, View<float> dst, Rect region, int threads);

}  // namespace ink
