#include "kernels/softmax/softmax.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(MapShape shape) {
  add_job("softmax", softmax_variants(),
          Job<SoftmaxVariant, float>{shape_name(shape), shape.size(), 2 * shape.bytes(), 1e-6, [=] {
                                       return [=, src = shared_samples(shape)](const SoftmaxVariant& variant,
                                                                               float* dst, int threads) {
                                         softmax_run(variant, dense(src->data(), shape), dense(dst, shape),
                                                     shape.whole(), threads);
                                       };
                                     }});
}

const bool registered = [] {
  add({1, 1, 1, 1000});
  add({1, 1, 257, 257});
  return true;
}();

}  // namespace
}  // namespace ink::bench
