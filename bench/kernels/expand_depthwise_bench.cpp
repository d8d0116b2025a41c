#include "kernels/depthwise/expand_depthwise.h"

#include <algorithm>

#include "bench/kernels/layers.h"

namespace ink::bench {
namespace {

// As ready_convolution() runs it.
struct Pair {
  ExpandDepthwise kernel;
  int width;

  size_t scratch_floats(int threads) const { return kernel.scratch_floats(threads, width); }
  void run(View<const float> src, View<float> dst, View<const float>, const Epilogue& epilogue, Rect region,
           int threads, float* scratch) const {
    kernel.run(src, dst, epilogue, region, threads, scratch);
  }
};

Pair make(Isa isa, const Layer& expand, const Layer& depthwise) {
  const int area = depthwise.kernel * depthwise.kernel;
  const AlignedBuffer<float> wide = sample_buffer(int64_t{expand.ic} * expand.oc, expand.ic),
                             weights = sample_buffer(int64_t{area} * depthwise.oc, area),
                             bias = sample_buffer(depthwise.oc, 1);
  return {ExpandDepthwise(choose_gemm(isa), choose_activation(isa), choose_depthwise(isa),
                          params_of<ConvParams>(expand), wide.data(), bias.data(),
                          {.activation = Activation::silu}, params_of<ConvParams>(depthwise), weights.data(),
                          bias.data()),
          expand.iw};
}

// A depthwise layer and the 1x1 convolution before it, in one.
void add(const std::string& network, const Layer& expand, const Layer& depthwise) {
  Layer both = depthwise;
  both.ic = expand.ic;
  for (const DepthwiseVariant& variant : depthwise_variants()) {
    const std::string name = "expand_" + std::string(variant.name);
    Case one = about(depthwise, "expand_depthwise", network + "/" + depthwise.name, name, variant.isa);
    one.family = {};
    one.flops += expand.flops();
    add_layer(one, [=, isa = variant.isa] {
      return ready_convolution(both, make(isa, expand, depthwise), make(Isa::reference, expand, depthwise));
    });
  }
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) {
    const std::vector<Layer> layers = read_layers(network);
    for (const Layer& depthwise : layers) {
      if (depthwise.kind != "depthwise") continue;
      const auto widens = [&](const Layer& other) {
        return other.name.ends_with(".expand") && other.oc == depthwise.ic && other.ih == depthwise.ih &&
               other.iw == depthwise.iw &&
               ExpandDepthwise::declines(params_of<ConvParams>(other), params_of<ConvParams>(depthwise)) ==
                   nullptr;
      };
      const auto expand = std::ranges::find_if(layers, widens);
      if (expand != layers.end()) add(network, *expand, depthwise);
    }
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
