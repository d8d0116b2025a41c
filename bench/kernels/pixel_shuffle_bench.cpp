#include "kernels/pixel_shuffle/pixel_shuffle.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(int r, MapShape shape) {
  const MapShape src_shape{shape.n, shape.h / r, shape.w / r, shape.c * r * r};
  add_job("pixel_shuffle", pixel_shuffle_variants(),
          Job<PixelShuffleVariant, float>{"by" + std::to_string(r) + "/" + shape_name(src_shape),
                                          shape.size(), 2 * shape.bytes(), 0, [=] {
                                            return [=, src = shared_samples(src_shape)](
                                                       const PixelShuffleVariant& variant, float* dst,
                                                       int threads) {
                                              pixel_shuffle_run(variant, r, dense(src->data(), src_shape),
                                                                dense(dst, shape), shape.whole(), threads);
                                            };
                                          }});
}

const bool registered = [] {
  add(2, {1, 1024, 1024, 3});
  add(3, {1, 1023, 1023, 3});
  add(4, {1, 1024, 1024, 3});
  add(2, {1, 512, 512, 64});
  add(2, {1, 64, 64, 3});
  return true;
}();

}  // namespace
}  // namespace ink::bench
