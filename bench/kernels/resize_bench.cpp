#include "kernels/resize/resize.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(ResizeMode mode, MapShape src_shape, int oh, int ow) {
  const MapShape shape{src_shape.n, oh, ow, src_shape.c};
  add_job("resize", resize_variants(),
          Job<ResizeVariant, float>{
              std::string(resize_mode_name(mode)) + "/" + shape_name(src_shape) + "/" + shape_name(shape),
              shape.size(), src_shape.bytes() + shape.bytes(), 1e-6, [=] {
                return [=, src = shared_samples(src_shape), y_taps = resize_taps(mode, src_shape.h, oh),
                        x_taps = resize_taps(mode, src_shape.w, ow)](const ResizeVariant& variant, float* dst,
                                                                     int threads) {
                  resize_run(variant, mode, y_taps, x_taps, dense(src->data(), src_shape), dense(dst, shape),
                             shape.whole(), threads);
                };
              }});
}

const bool registered = [] {
  for (const ResizeMode mode : {ResizeMode::nearest, ResizeMode::bilinear}) {
    add(mode, {1, 256, 256, 3}, 1024, 1024);
    add(mode, {1, 146, 146, 64}, 292, 292);
    add(mode, {1, 1080, 1920, 3}, 512, 512);
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
