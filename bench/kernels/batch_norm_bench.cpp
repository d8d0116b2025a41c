#include "kernels/batch_norm/batch_norm.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(MapShape shape, Activation activation) {
  add_job("batch_norm", batch_norm_variants(),
          Job<BatchNormVariant, float>{
              std::string(activation_name(activation)) + "/" + shape_name(shape), shape.size(),
              2 * shape.bytes(), 1e-6, [=] {
                return [=, src = shared_samples(shape), scale = shared_samples({1, 1, 1, shape.c})](
                           const BatchNormVariant& variant, float* dst, int threads) {
                  batch_norm_run(variant, scale->data(), scale->data(), activation, 0,
                                 dense(src->data(), shape), dense(dst, shape), shape.whole(), threads);
                };
              }});
}

const bool registered = [] {
  add({1, 292, 292, 64}, Activation::none);
  add({1, 292, 292, 64}, Activation::relu);
  add({1, 32, 32, 256}, Activation::relu);
  add({1, 1080, 1920, 3}, Activation::none);
  return true;
}();

}  // namespace
}  // namespace ink::bench
