#include "kernels/depthwise/depthwise.h"

#include "bench/kernels/layers.h"

namespace ink::bench {
namespace {

// The work of a grouped layer: one input channel an output.
double flops_of(const Layer& layer) { return layer.flops() / layer.ic; }

const bool kRegistered = [] {
  for (const Layer& layer : read_layers("efficientnet_b0.txt")) {
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
      add_layer(std::string(variant.name) + "/" + layer.name, variant.isa, flops_of(layer), [=, &variant] {
        const int area = layer.kernel * layer.kernel;
        const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(area) * layer.oc, area);
        const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
        return ready_convolution(
            layer, DepthwiseConv(variant, params, weights.data(), bias.data()),
            DepthwiseConv(depthwise_variants().back(), params, weights.data(), bias.data()));
      });
    }
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
