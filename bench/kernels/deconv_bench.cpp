#include "kernels/deconv/deconv.h"

#include "bench/kernels/layers.h"
#include "kernels/conv/narrow.h"

namespace ink::bench {
namespace {

DeconvParams params_of(const Layer& layer) {
  return {.ic = layer.ic,
          .oc = layer.oc,
          .kh = layer.kernel,
          .kw = layer.kernel,
          .sh = layer.stride,
          .sw = layer.stride,
          .pad_top = layer.pad,
          .pad_left = layer.pad,
          .pad_bottom = layer.pad,
          .pad_right = layer.pad};
}

// make(weights, bias) packs them for one kernel.
template <class Make>
void add(const std::string& shape, const Layer& layer, const std::string& kernel, Isa isa, Make make) {
  add_layer("deconv", shape, kernel, isa, layer.flops(), [=] {
    const int64_t area = static_cast<int64_t>(layer.kernel) * layer.kernel;
    const AlignedBuffer<float> weights = sample_buffer(layer.ic * layer.oc * area, layer.ic * 4);
    const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
    return ready_convolution(layer, make(weights.data(), bias.data()),
                             Deconv(gemm_variants().back(), params_of(layer), weights.data(), bias.data()));
  });
}

void add_network(const std::string& network) {
  for (const Layer& layer : read_layers(network)) {
    if (layer.kind != "deconv") continue;
    const DeconvParams params = params_of(layer);
    const std::string shape = network + "/" + layer.name;
    for (const GemmVariant& gemm : gemm_variants()) {
      add(shape, layer, gemm.name, gemm.isa, [=, &gemm](const float* weights, const float* bias) {
        return Deconv(gemm, params, weights, bias);
      });
      if (NarrowConv::declines(params) != nullptr) continue;
      add(shape, layer, "narrow_" + std::string(isa_name(gemm.isa)), gemm.isa,
          [=, &gemm](const float* weights, const float* bias) {
            return NarrowConv(gemm, params, weights, bias);
          });
    }
  }
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) add_network(network);
  return true;
}();

}  // namespace
}  // namespace ink::bench
