#include "kernels/concat/concat.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(MapShape first, MapShape second) {
  const MapShape shape{first.n, first.h, first.w, first.c + second.c};
  add_job("concat", concat_variants(),
          Job<ConcatVariant, float>{
              shape_name(first) + "+" + std::to_string(second.c), shape.size(), 2 * shape.bytes(), 0, [=] {
                return [=, a = shared_samples(first), b = shared_samples(second)](
                           const ConcatVariant& variant, float* dst, int threads) {
                  const View<const float> srcs[] = {dense(a->data(), first), dense(b->data(), second)};
                  concat_run(variant, srcs, dense(dst, shape), shape.whole(), threads);
                };
              }});
}

const bool registered = [] {
  add({1, 292, 292, 64}, {1, 292, 292, 64});
  add({1, 292, 292, 16}, {1, 292, 292, 16});
  add({1, 1080, 1920, 3}, {1, 1080, 1920, 1});
  return true;
}();

}  // namespace
}  // namespace ink::bench
