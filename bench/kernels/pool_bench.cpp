#include "kernels/pool/pool.h"

#include <algorithm>

#include "bench/kernels/variants_bench.h"
#include "kernels/pool/global_mean.h"

namespace ink::bench {
namespace {

void add(PoolKind kind, int kernel, int stride, int padding, MapShape src_shape) {
  const PoolShape pool{kind, kernel, kernel, stride, stride, padding, padding, padding, padding, false};
  const auto size = [=](int in) { return (in + 2 * padding - kernel) / stride + 1; };
  const MapShape shape{src_shape.n, size(src_shape.h), size(src_shape.w), src_shape.c};
  add_job("pool", pool_variants(),
          Job<PoolVariant, float>{std::string(kind == PoolKind::max ? "max" : "average") +
                                      std::to_string(kernel) + "x" + std::to_string(kernel) + "s" +
                                      std::to_string(stride) + "/" + shape_name(src_shape),
                                  shape.size(), src_shape.bytes() + shape.bytes(), 1e-6, [=] {
                                    return [=, src = shared_samples(src_shape)](const PoolVariant& variant,
                                                                                float* dst, int threads) {
                                      pool_run(variant, pool, dense(src->data(), src_shape),
                                               dense(dst, shape), shape.whole(), threads);
                                    };
                                  }});
}

void add_mean(MapShape src_shape) {
  const MapShape shape{src_shape.n, 1, 1, src_shape.c};
  add_job("global_mean", global_mean_variants(),
          Job<GlobalMeanVariant, float>{
              shape_name(src_shape), shape.size(), src_shape.bytes(), 0, [=] {
                std::vector<double> sums(global_sum_bytes(src_shape.h, src_shape.w, src_shape.c) /
                                         sizeof(double));
                return [=, src = shared_samples(src_shape), sums = std::move(sums)](
                           const GlobalMeanVariant& variant, float* dst, int threads) mutable {
                  global_mean_run(variant, dense<const float>(src->data(), src_shape), dense(dst, shape),
                                  sums.data(), threads);
                };
              }});
}

const bool registered = [] {
  add(PoolKind::max, 2, 2, 0, {1, 292, 292, 64});
  add(PoolKind::max, 3, 2, 1, {1, 112, 112, 64});
  add(PoolKind::average, 2, 2, 0, {1, 292, 292, 64});
  add(PoolKind::average, 3, 1, 1, {1, 35, 35, 192});
  for (const int side : {224, 112, 56, 28, 14})  // VGG
    add(PoolKind::max, 2, 2, 0, {1, side, side, std::min(512, 64 * 224 / side)});
  add_mean({1, 7, 7, 1280});
  add_mean({1, 19, 19, 2560});
  add_mean({1, 32, 32, 4096});
  add_mean({1, 292, 292, 64});
  add_mean({1, 32, 32, 64});
  add_mean({1, 7, 7, 2048});
  return true;
}();

}  // namespace
}  // namespace ink::bench
