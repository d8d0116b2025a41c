#include "kernels/binary/binary.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(BinaryOp op, MapShape a_shape, MapShape b_shape) {
  add_job("binary", binary_variants(),
          Job<BinaryVariant, float>{
              std::string(binary_op_name(op)) + "/" + shape_name(a_shape) + "/" + shape_name(b_shape),
              a_shape.size(), 2 * a_shape.bytes() + b_shape.bytes(), 1e-6, [=] {
                return [=, a = shared_samples(a_shape), b = shared_samples(b_shape)](
                           const BinaryVariant& variant, float* dst, int threads) {
                  binary_run(variant, op, Activation::none, 0, dense(a->data(), a_shape),
                             dense(b->data(), b_shape), dense(dst, a_shape), a_shape.whole(), threads);
                };
              }});
}

const bool registered = [] {
  const MapShape map{1, 292, 292, 64}, tile{1, 32, 32, 64}, picture{1, 1080, 1920, 3};
  add(BinaryOp::add, map, map);
  add(BinaryOp::add, tile, tile);
  add(BinaryOp::add, picture, picture);
  add(BinaryOp::mul, map, {1, 1, 1, 64});
  add(BinaryOp::mul, tile, {1, 1, 1, 64});
  add(BinaryOp::mul, map, {1, 292, 292, 1});
  return true;
}();

}  // namespace
}  // namespace ink::bench
