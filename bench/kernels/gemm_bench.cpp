#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "bench/kernels/layers.h"

namespace ink::bench {
namespace {

// Rows as the engine lays them out: never a power of two apart.
int row_step(int columns) { return columns % 512 == 0 ? columns + 16 : columns; }

View<float> matrix(float* data, int rows, int columns) {
  return {data, 1, 1, rows, columns, 0, 0, 0, 0, row_step(columns)};
}

ReadyLayer ready_product(const GemmVariant& variant, int m, int n, int k) {
  struct State {
    GemmPanels panels, reference;
    AlignedBuffer<float> src, dst;
  };
  const AlignedBuffer<float> weights = sample_buffer(static_cast<int64_t>(k) * n, k),
                             bias = sample_buffer(n, 1);
  const auto panels = [&](const GemmVariant& for_variant) {
    return GemmPanels(for_variant, k, n, weights.data(), n, 1, bias.data());
  };
  auto state = std::make_shared<State>(
      State{panels(variant), panels(gemm_variants().back()),
            sample_buffer(static_cast<int64_t>(m) * row_step(k), 1),
            AlignedBuffer<float>(static_cast<size_t>(m) * static_cast<size_t>(row_step(n)))});
  const auto run = [=, &variant](int threads) {
    gemm_run(variant, state->panels, matrix(state->src.data(), m, k), matrix(state->dst.data(), m, n), {}, {},
             threads);
  };
  const auto error = [=] {
    const int rows = std::min(m, 64);
    AlignedBuffer<float> want(static_cast<size_t>(rows) * static_cast<size_t>(n));
    const View<float> view = dense_view(want.data(), 1, 1, rows, n);
    gemm_run(gemm_variants().back(), state->reference, matrix(state->src.data(), rows, k), view, {}, {}, 1);
    return largest_difference(matrix(state->dst.data(), m, n), view, view.whole());
  };
  return {run, error};
}

void add(const std::string& name, int m, int n, int k) {
  for (const GemmVariant& variant : gemm_variants()) {
    const std::string size = std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
    add_layer(std::string(variant.name) + "/" + name + "/" + size, variant.isa, 2.0 * m * n * k,
              [=, &variant] { return ready_product(variant, m, n, k); });
  }
}

const bool kRegistered = [] {
  for (const int size : {64, 256, 1024}) add("square", size, size, size);
  add("row", 1, 1024, 1024);
  // The products that a network's layers come down to; more rows than these only repeat them.
  constexpr int kMostRows = 4096;
  for (const char* network : {"realcugan_2x.txt", "transformers.txt"}) {
    for (const Layer& layer : read_layers(network)) {
      if (layer.kind == "deconv") continue;
      const int64_t rows = std::min<int64_t>(static_cast<int64_t>(layer.oh()) * layer.ow(), kMostRows);
      add(layer.name, static_cast<int>(rows), layer.oc, layer.ic * layer.kernel * layer.kernel);
    }
  }
  return true;
}();

}  // namespace
}  // namespace ink::bench
