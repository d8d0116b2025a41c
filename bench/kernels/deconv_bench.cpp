#include "kernels/deconv/deconv.h"

#include "bench/kernels/layers.h"
#include "bench/kernels/opponents.h"
#include "kernels/conv/narrow.h"
#include "kernels/conv/patch_conv.h"
#include "kernels/deconv/winograd_deconv.h"

namespace ink::bench {
namespace {

// make(weights, bias) packs them for one kernel.
template <class Make>
void add(const std::string& shape, const Layer& layer, const std::string& kernel, Isa isa, Make make) {
  add_layer(about(layer, "deconv", shape, kernel, isa), [=] {
    const int64_t area = static_cast<int64_t>(layer.kernel) * layer.kernel;
    const AlignedBuffer<float> weights = sample_buffer(layer.ic * layer.oc * area, layer.ic * 4);
    const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
    return ready_convolution(
        layer, make(weights.data(), bias.data()),
        Deconv(gemm_variants().back(), params_of<DeconvParams>(layer), weights.data(), bias.data()));
  });
}

void add_network(const std::string& network) {
  for (const Layer& layer : read_layers(network)) {
    if (layer.kind != "deconv") continue;
    const DeconvParams params = params_of<DeconvParams>(layer);
    const std::string shape = network + "/" + layer.name;
    for (const GemmVariant& gemm : gemm_variants()) {
      add(shape, layer, gemm.name, gemm.isa, [=, &gemm](const float* weights, const float* bias) {
        return Deconv(gemm, params, weights, bias);
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
    for (const WinogradVariant& variant : winograd_variants(4)) {
      if (WinogradDeconv::declines(params) != nullptr) continue;
      add(shape, layer, variant.name, variant.isa, [=, &variant](const float* weights, const float* bias) {
        return WinogradDeconv(variant, choose_gemm(variant.isa), params, weights, bias);
      });
    }
    add_opponents(about(layer, "deconv", shape, "", {}), layer);
  }
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) add_network(network);
  return true;
}();

}  // namespace
}  // namespace ink::bench
