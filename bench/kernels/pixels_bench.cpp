#include "kernels/pixels/pixels.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

constexpr float kDivisor = static_cast<float>(255 / 0.7), kOffset = 0.15f,
                kGain16 = static_cast<float>(65535 / 0.7);

void add(MapShape shape) {
  const int64_t bytes = shape.bytes() / 4 * 5;
  add_job("pixels", pixels_variants(),
          Job<PixelsVariant, float>{"from_u8/" + shape_name(shape), shape.size(), bytes, 0, [=] {
                                      std::vector<uint8_t> src(shape.size());
                                      for (size_t i = 0; i < src.size(); ++i)
                                        src[i] = static_cast<uint8_t>(i * 7);
                                      return [=](const PixelsVariant& variant, float* dst, int threads) {
                                        from_u8_run(variant, kDivisor, kOffset, dense(src.data(), shape),
                                                    dense(dst, shape), shape.whole(), threads);
                                      };
                                    }});
  add_job("pixels", pixels_variants(),
          Job<PixelsVariant, uint8_t>{"to_u8/" + shape_name(shape), shape.size(), bytes, 0, [=] {
                                        return [=, src = shared_samples(shape)](const PixelsVariant& variant,
                                                                                uint8_t* dst, int threads) {
                                          to_u8_run(variant, kOffset, kDivisor, dense(src->data(), shape),
                                                    dense(dst, shape), shape.whole(), threads);
                                        };
                                      }});
  add_job("pixels", pixels_variants(),
          Job<PixelsVariant, uint16_t>{"to_u16/" + shape_name(shape), shape.size(), shape.bytes() / 2 * 3, 0,
                                       [=] {
                                         return [=, src = shared_samples(shape)](const PixelsVariant& variant,
                                                                                 uint16_t* dst, int threads) {
                                           to_u16_run(variant, kOffset, kGain16, dense(src->data(), shape),
                                                      dense(dst, shape), shape.whole(), threads);
                                         };
                                       }});
}

const bool registered = [] {
  add({1, 1080, 1920, 3});
  add({1, 64, 64, 3});
  return true;
}();

}  // namespace
}  // namespace ink::bench
