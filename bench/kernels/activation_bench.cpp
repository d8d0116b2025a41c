#include "kernels/activation/activation.h"

#include "bench/kernels/variants_bench.h"

namespace ink::bench {
namespace {

void add(Activation activation, MapShape shape) {
  add_job(
      "activation", activation_variants(),
      Job<ActivationVariant, float>{std::string(activation_name(activation)) + "/" + shape_name(shape),
                                    shape.size(), 2 * shape.bytes(), 1e-6, [=] {
                                      return [=, src = shared_samples(shape)](
                                                 const ActivationVariant& variant, float* dst, int threads) {
                                        activation_run(variant, activation, 0.1f, dense(src->data(), shape),
                                                       dense(dst, shape), shape.whole(), threads);
                                      };
                                    }});
}

const bool registered = [] {
  for (const Activation activation :
       {Activation::relu, Activation::leaky_relu, Activation::sigmoid, Activation::tanh, Activation::silu,
        Activation::gelu, Activation::quick_gelu}) {
    add(activation, {1, 292, 292, 64});
  }
  add(Activation::leaky_relu, {1, 32, 32, 64});
  add(Activation::sigmoid, {1, 1, 1, 64});
  return true;
}();

}  // namespace
}  // namespace ink::bench
