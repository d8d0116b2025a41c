#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <memory>
#include <string>

#include "bench/kernels/layers.h"
#include "bench/kernels/opponents.h"

namespace ink::bench {
namespace {

ReadyLayer ready_product(const GemmVariant& variant, int m, int n, int k) {
  struct State {
    GemmPanels panels, reference;
    AlignedBuffer<float> src, dst, scratch;
  };
  const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(k) * n, k),
                             bias = sample_buffer(n, 1);
  const auto panels = [&](const GemmVariant& for_variant) {
    return GemmPanels(for_variant, k, n, weights.data(), n, 1, bias.data());
  };
  auto state = std::make_shared<State>(State{panels(variant),
                                             panels(gemm_variants().back()),
                                             sample_buffer(map_floats(1, m, k), 1),
                                             AlignedBuffer<float>(static_cast<size_t>(map_floats(1, m, n))),
                                             {}});
  const auto run = [=, &variant](int threads) {
    const size_t floats = gemm_scratch_floats(variant, state->panels, m, threads);
    if (state->scratch.size() < floats) state->scratch = AlignedBuffer<float>(floats);
    gemm_run(variant, state->panels, map_view(state->src, 1, m, k), map_view(state->dst, 1, m, n), {}, {},
             threads, state->scratch.data());
  };
  const auto error = [=] {
    const int rows = std::min(m, 64);
    AlignedBuffer<float> want(static_cast<size_t>(rows) * static_cast<size_t>(n));
    const View<float> view = dense_view(want.data(), 1, 1, rows, n);
    gemm_run(gemm_variants().back(), state->reference, map_view(state->src, 1, rows, k), view, {}, {}, 1);
    return largest_difference(map_view(state->dst, 1, m, n), view, view.whole());
  };
  return {run, error};
}

void add(const std::string& name, const Layer& layer) {
  const int m = layer.iw, n = layer.oc, k = layer.ic;
  const std::string shape =
      name + "/" + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  for (const GemmVariant& variant : gemm_variants()) {
    add_layer(about(layer, "gemm", shape, variant.name, variant.isa),
              [=, &variant] { return ready_product(variant, m, n, k); });
  }
  add_opponents(about(layer, "gemm", shape, "", {}), layer);
}

Layer product(int m, int n, int k) {
  return {.name = "",
          .kind = "linear",
          .ih = 1,
          .iw = m,
          .ic = k,
          .oc = n,
          .kernel = 1,
          .stride = 1,
          .pad = 0,
          .count = 0};
}

const bool kRegistered = [] {
  for (const int size : {64, 256, 1024}) add("square", product(size, size, size));
  add("row", product(1, 1024, 1024));
  // Convolutions that are products stand beside the other convolutions.
  for (const std::string& network : networks()) {
    for (const Layer& layer : read_layers(network)) {
      if (layer.kind == "linear") add(network + "/" + layer.name, layer);
    }
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
