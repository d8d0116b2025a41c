#include "kernels/pad/pad.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(PadMode mode, MapShape src_shape, int amount) {
  const MapShape shape{src_shape.n, src_shape.h + 2 * amount, src_shape.w + 2 * amount, src_shape.c};
  add_job("pad", pad_variants(),
          Job<PadVariant, float>{
              std::string(pad_mode_name(mode)) + std::to_string(amount) + "/" + shape_name(src_shape),
              shape.size(), src_shape.bytes() + shape.bytes(), 0, [=] {
                return
                    [=, src = shared_samples(src_shape)](const PadVariant& variant, float* dst, int threads) {
                      pad_run(variant, mode, amount, amount, dense(src->data(), src_shape), dense(dst, shape),
                              shape.whole(), threads);
                    };
              }});
}

const bool registered = [] {
  add(PadMode::reflect, {1, 1080, 1920, 3}, 18);
  add(PadMode::zero, {1, 292, 292, 64}, 1);
  add(PadMode::edge, {1, 292, 292, 64}, 1);
  add(PadMode::zero, {1, 292, 292, 64}, -4);
  return true;
}();

}  // namespace
}  // namespace ink::bench
