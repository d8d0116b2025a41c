#include "kernels/depthwise/depthwise.h"

#include "bench/kernels/layers.h"
#include "bench/kernels/opponents.h"

namespace ink::bench {
namespace {

void add_network(const std::string& network) {
  for (const Layer& layer : read_layers(network)) {
    if (layer.kind != "depthwise") continue;
    const ConvParams params = params_of<ConvParams>(layer);
    const std::string shape = network + "/" + layer.name;
    for (const DepthwiseVariant& variant : depthwise_variants()) {
      add_layer(about(layer, "depthwise", shape, variant.name, variant.isa), [=, &variant] {
        const int area = layer.kernel * layer.kernel;
        const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(area) * layer.oc, area);
        const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
        return ready_convolution(
            layer, DepthwiseConv(variant, params, weights.data(), bias.data()),
            DepthwiseConv(depthwise_variants().back(), params, weights.data(), bias.data()));
      });
    }
    add_opponents(about(layer, "depthwise", shape, "", {}), layer);
  }
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) add_network(network);
  return true;
}();

}  // namespace
}  // namespace ink::bench
