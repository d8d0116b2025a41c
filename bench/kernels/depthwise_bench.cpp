#include "kernels/depthwise/depthwise.h"

#include "bench/kernels/layers.h"

namespace ink::bench {
namespace {

// The work of a grouped layer: one input channel an output.
double flops_of(const Layer& layer) { return layer.flops() / layer.ic; }

void add_network(const std::string& network) {
  for (const Layer& layer : read_layers(network)) {
    if (layer.kind != "depthwise") continue;
    const ConvParams params{.ic = layer.ic,
                            .oc = layer.oc,
                            .kh = layer.kernel,
                            .kw = layer.kernel,
                            .sh = layer.stride,
                            .sw = layer.stride,
                            .pad_top = layer.pad,
                            .pad_left = layer.pad,
                            .pad_bottom = layer.pad,
                            .pad_right = layer.pad,
                            .groups = layer.ic};
    for (const DepthwiseVariant& variant : depthwise_variants()) {
      const std::string shape = network + "/" + layer.name;
      add_layer("depthwise", shape, variant.name, variant.isa, flops_of(layer), [=, &variant] {
        const int area = layer.kernel * layer.kernel;
        const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(area) * layer.oc, area);
        const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
        return ready_convolution(
            layer, DepthwiseConv(variant, params, weights.data(), bias.data()),
            DepthwiseConv(depthwise_variants().back(), params, weights.data(), bias.data()));
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
