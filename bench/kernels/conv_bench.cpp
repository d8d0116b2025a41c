#include "kernels/conv/conv.h"

#include "bench/kernels/layers.h"
#include "bench/kernels/opponents.h"
#include "kernels/conv/narrow.h"
#include "kernels/conv/patch_conv.h"
#include "kernels/conv/winograd.h"

namespace ink::bench {
namespace {

// make(weights, bias) packs them for one kernel.
template <class Make>
void add(const std::string& shape, const Layer& layer, const std::string& kernel, Isa isa, Make make) {
  add_layer(about(layer, "conv", shape, kernel, isa), [=] {
    const int fan_in = layer.ic * layer.kernel * layer.kernel;
    const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(fan_in) * layer.oc, fan_in);
    const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
    return ready_convolution(
        layer, make(weights.data(), bias.data()),
        make_conv(gemm_variants().back(), params_of<ConvParams>(layer), weights.data(), bias.data()));
  });
}

void add_network(const std::string& network) {
  for (const Layer& layer : read_layers(network)) {
    if (layer.kind != "conv") continue;
    const ConvParams params = params_of<ConvParams>(layer);
    const std::string shape = network + "/" + layer.name;
    for (const GemmVariant& gemm : gemm_variants()) {
      add(shape, layer, gemm.name, gemm.isa, [=, &gemm](const float* weights, const float* bias) {
        return make_conv(gemm, params, weights, bias);
      });
      if (PatchConv::declines(params) == nullptr) {
        add(shape, layer, "patch_" + std::string(isa_name(gemm.isa)), gemm.isa,
            [=, &gemm](const float* weights, const float* bias) {
              return PatchConv(gemm, choose_binary(gemm.isa), params, weights, bias);
            });
      }
    }
    for (const NarrowVariant& narrow : narrow_variants()) {
      if (NarrowConv::declines(params) != nullptr) continue;
      add(shape, layer, narrow.name, narrow.isa, [=, &narrow](const float* weights, const float* bias) {
        return NarrowConv(narrow, params, weights, bias);
      });
    }
    add_opponents(about(layer, "conv", shape, "", {}), layer);
    if (winograd_declines(params) != nullptr) continue;
    for (const int tile : {2, 4, 6}) {
      for (const WinogradVariant& variant : winograd_variants(tile)) {
        add(shape, layer, variant.name, variant.isa, [=, &variant](const float* weights, const float* bias) {
          return WinogradConv(variant, choose_gemm(variant.isa), params, weights, bias);
        });
      }
    }
  }
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) add_network(network);
  return true;
}();

}  // namespace
}  // namespace ink::bench
