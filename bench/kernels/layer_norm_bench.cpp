#include "kernels/layer_norm/layer_norm.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(MapShape shape) {
  add_job("layer_norm", layer_norm_variants(),
          Job<LayerNormVariant, float>{
              shape_name(shape), shape.size(), 2 * shape.bytes(), 1e-5, [=] {
                return [=, src = shared_samples(shape), scale = shared_samples({1, 1, 1, shape.c})](
                           const LayerNormVariant& variant, float* dst, int threads) {
                  layer_norm_run(variant, scale->data(), scale->data(), 1e-5f, dense(src->data(), shape),
                                 dense(dst, shape), shape.whole(), threads);
                };
              }});
}

const bool registered = [] {
  add({1, 1, 257, 1024});
  add({8, 1, 257, 1024});
  add({1, 1, 257, 1408});
  add({1, 1, 77, 768});
  add({1, 1, 197, 1024});
  for (const int tokens : {16, 20, 32, 50, 128, 257}) add({1, 1, tokens, 768});
  add({1, 1, 20, 512});
  return true;
}();

}  // namespace
}  // namespace ink::bench
