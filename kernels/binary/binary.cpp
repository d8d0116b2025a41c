#include "kernels/binary/binary.h"

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr BinaryVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "binary_avx512", binary_row_avx512},
    {Isa::avx2, "binary_avx2", binary_row_avx2},
    {Isa::sse42, "binary_sse42", binary_row_sse42},
#endif
    {Isa::reference, "binary_reference", binary_row_reference},
};

float combined(BinaryOp op, float x, float y) {
  switch (op) {
    case BinaryOp::add: return x + y;
    case BinaryOp::mul: return x * y;
    case BinaryOp::max: return x > y || x != x ? x : y;
  }
  return x;
}

}  // namespace

void binary_row_reference(const BinaryRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    const float* a = args.a + p * args.a_stride;
    const float* b = args.b + p * args.b_stride;
    float* dst = args.dst + p * args.dst_stride;
    for (int64_t i = 0; i < args.channels; ++i) {
      const float x = a[i], y = b[args.b_is_scalar ? 0 : i];
      dst[i] = activate(combined(args.op, x, y), args.activation, args.slope);
    }
  }
}

std::span<const BinaryVariant> binary_variants() { return kVariants; }

const BinaryVariant& choose_binary(Isa limit) { return best_variant(binary_variants(), limit); }

void binary_run(const BinaryVariant& variant, BinaryOp op, Activation activation, float slope,
                View<const float> a, View<const float> b, View<float> dst, Rect region, int threads) {
  INK_CHECK(a.n == dst.n && a.h == dst.h && a.w == dst.w && a.c == dst.c);
  const bool b_is_map = b.h == a.h && b.w == a.w, b_is_scalar = b.c != a.c;
  INK_CHECK((b.n == a.n || b.n == 1) && (b_is_map || (b.h == 1 && b.w == 1)) && (!b_is_scalar || b.c == 1));
  const bool flat = b_is_map && !b_is_scalar && a.gapless() && b.gapless() && dst.gapless();
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int x, int64_t pixels) {
    const int b_image = b.n == 1 ? 0 : image;
    variant.row({.a = a.at(image, y, x),
                 .b = b_is_map ? b.at(b_image, y, x) : b.at(b_image, 0, 0),
                 .dst = dst.at(image, y, x),
                 .pixels = flat ? 1 : pixels,
                 .channels = flat ? pixels * dst.c : dst.c,
                 .a_stride = a.pixel_stride,
                 .b_stride = b_is_map ? b.pixel_stride : 0,
                 .dst_stride = dst.pixel_stride,
                 .b_is_scalar = b_is_scalar,
                 .op = op,
                 .activation = activation,
                 .slope = slope});
  });
}

}  // namespace ink
