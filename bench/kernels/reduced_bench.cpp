#include <span>

#include "bench/kernels/layers.h"
#include "bench/kernels/opponents.h"
#include "kernels/reduced/reduced.h"

namespace ink::bench {
namespace {

// Convolutions that read a picture stay in f32.
constexpr int kPictureChannels = 4;

// The gap to the reference that the order of sums makes; integers have none.
double tolerance_of(Precision precision) { return precision == Precision::int8 ? 0 : kSumTolerance; }

ReadyLayer ready_reduced(const Layer& layer, const ReducedVariant& variant, const ReducedVariant& reference) {
  const ConvParams params = params_of<ConvParams>(layer);
  const int fan_in = layer.ic * layer.kernel * layer.kernel;
  const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(fan_in) * layer.oc, fan_in);
  const AlignedBuffer<float> bias = sample_buffer(layer.oc, 1);
  const auto make = [&](const ReducedVariant& of) {
    // Side by side by output channel: along the inputs, samples would repeat those of the map, and sums grow.
    return ReducedConv(of, params, ConvWeights(weights.data(), WeightLayout::hwio), bias.data());
  };
  return ready_convolution(layer, make(variant), make(reference));
}

void add(const std::string& shape, const Layer& layer, Precision precision,
         std::span<const ReducedVariant> variants) {
  const std::string kernel =
      (layer.kind == "linear" ? "gemm_" : "conv_") + std::string(precision_name(precision));
  Case common = about(layer, kernel, shape, "", {});
  common.family += ", " + std::string(precision_name(precision));
  common.precision = precision;
  common.tolerance = tolerance_of(precision);
  for (const ReducedVariant& variant : variants) {
    Case one = common;
    one.variant = variant.name;
    one.isa = variant.isa;
    add_layer(one, [=, &variant] { return ready_reduced(layer, variant, variants.back()); });
  }
  common.tolerance = kSumTolerance;
  add_opponents(common, layer);
}

const bool kRegistered = [] {
  for (const std::string& network : networks()) {
    for (const Layer& layer : read_layers(network)) {
      if (layer.ic <= kPictureChannels || (layer.kind != "conv" && layer.kind != "linear")) continue;
      const std::string shape = network + "/" + layer.name;
      add(shape, layer, Precision::bf16, bf16_variants());
      add(shape, layer, Precision::int8, int8_variants());
    }
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
