#include "kernels/gram/gram.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(MapShape src_shape) {
  const MapShape shape{src_shape.n, 1, src_shape.c, src_shape.c};
  add_job(
      "gram", gram_variants(),
      Job<GramVariant, float>{shape_name(src_shape), shape.size(), src_shape.bytes(), 1e-5, [=] {
                                std::vector<double> sums(gram_scratch_bytes(src_shape.c) / sizeof(double));
                                return [=, src = shared_samples(src_shape), sums = std::move(sums)](
                                           const GramVariant& variant, float* dst, int threads) mutable {
                                  gram_run(variant, dense<const float>(src->data(), src_shape),
                                           dense(dst, shape), shape.whole(), sums.data(), threads);
                                };
                              }});
}

const bool registered = [] {
  add({1, 128, 128, 256});
  return true;
}();

}  // namespace
}  // namespace ink::bench
