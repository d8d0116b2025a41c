#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr GemmVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "gemm_14x32_avx512", gemm_tile_14x32_avx512, 14, 32, 16},
    {Isa::avx2, "gemm_6x16_avx2", gemm_tile_6x16_avx2, 6, 16, 8},
    {Isa::sse42, "gemm_6x8_sse42", gemm_tile_6x8_sse42, 6, 8, 4},
#endif
    {Isa::reference, "gemm_reference", gemm_tile_reference, 4, 8, 8},
};

}  // namespace

void gemm_tile_reference(const GemmTileArgs& args) {
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < args.n; ++j) {
      double sum = args.bias[j];
      const float* weight = args.packed + j;
      for (int t = 0; t < args.tap_count; ++t) {
        const float* src = args.src + i * args.src_step + args.taps[t];
        for (int k = 0; k < args.run; ++k, weight += args.panel) sum += static_cast<double>(src[k]) * *weight;
      }
      const float residual = args.residual == nullptr ? 0.0f : args.residual[i * args.residual_step + j];
      const float value = static_cast<float>(sum) + (args.epilogue.residual_first ? residual : 0.0f);
      args.dst[i * args.dst_step + j] = activate(value, args.epilogue.activation, args.epilogue.slope) +
                                        (args.epilogue.residual_first ? 0.0f : residual);
    }
  }
}

void gemm_pack_reference(const GemmPackArgs& args) {
  float* dst = args.dst;
  for (int kk = 0; kk < args.k; ++kk, dst += args.width) {
    const float* src = args.src + kk * args.k_stride;
    for (int j = 0; j < args.n; ++j) dst[j] = src[j * args.n_stride];
    std::fill(dst + args.n, dst + args.width, 0.0f);
  }
}

std::span<const GemmVariant> gemm_variants() { return kVariants; }

const GemmVariant& choose_gemm(Isa limit) { return best_variant(gemm_variants(), limit); }

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n) : k_(k), n_(n), nr_(variant.nr) {
  const int rest = n - (count() - 1) * nr_;
  last_width_ = (rest + variant.lanes - 1) / variant.lanes * variant.lanes;
  const size_t columns =
      static_cast<size_t>(count() - 1) * static_cast<size_t>(nr_) + static_cast<size_t>(last_width_);
  data_ = AlignedBuffer<float>(columns * static_cast<size_t>(k_));
  bias_ = AlignedBuffer<float>(columns);
  std::fill_n(data_.data(), data_.size(), 0.0f);
  std::fill_n(bias_.data(), bias_.size(), 0.0f);
}

GemmPanels::GemmPanels(const GemmVariant& variant, std::span<const int64_t> k_offsets, int n,
                       const float* weights, int64_t n_stride, const float* bias, const double* factors)
    : GemmPanels(variant, static_cast<int>(k_offsets.size()), n) {
  for (int panel = 0; panel < count(); ++panel) {
    float* dst = mutable_weights(panel);
    const int64_t first = first_column(panel);
    for (const int64_t offset : k_offsets) {
      const float* src = weights + offset + first * n_stride;
      if (factors == nullptr) {
        for (int j = 0; j < columns(panel); ++j) dst[j] = src[j * n_stride];
      } else {
        for (int j = 0; j < columns(panel); ++j)
          dst[j] = static_cast<float>(src[j * n_stride] * factors[first + j]);
      }
      dst += width(panel);
    }
  }
  if (bias != nullptr) std::copy_n(bias, n, bias_.data());
}

GemmPanels::GemmPanels(const GemmVariant& variant, int k, int n, const float* weights, int64_t k_stride,
                       int64_t n_stride, const float* bias) {
  AlignedBuffer<int64_t> offsets(static_cast<size_t>(k));
  for (int kk = 0; kk < k; ++kk) offsets[static_cast<size_t>(kk)] = kk * k_stride;
  *this = GemmPanels(variant, {offsets.data(), offsets.size()}, n, weights, n_stride, bias);
}

void gemm_run(const GemmVariant& variant, const GemmPanels& panels, View<const float> src, View<float> dst,
              View<const float> residual, const Epilogue& epilogue, int threads) {
  INK_CHECK(src.c == panels.k() && dst.c == panels.n() && src.w == dst.w);
  constexpr int64_t kNoOffset[] = {0};
  const int m = dst.w;
  // A block of rows stays in the second-level cache while every panel passes over it.
  constexpr int kTilesPerBlock = 8;
  const int block = variant.mr * kTilesPerBlock;
  const int blocks = (m + block - 1) / block;
  // Few rows leave too few blocks for the threads: then the panels are shared out as well.
  const int panel_groups = std::min(panels.count(), std::max(1, threads * 3 / std::max(blocks, 1)));
  parallel_for(static_cast<int64_t>(blocks) * panel_groups, threads, [&](int64_t task, int) {
    const int group = static_cast<int>(task % panel_groups);
    const int first_panel = panels.count() * group / panel_groups;
    const int last_panel = panels.count() * (group + 1) / panel_groups;
    const int x0 = static_cast<int>(task / panel_groups) * block, x1 = std::min(m, x0 + block);
    for (int panel = first_panel; panel < last_panel; ++panel) {
      const int column = panels.first_column(panel);
      for (int x = x0; x < x1; x += variant.mr) {
        const float* added = residual.data == nullptr ? nullptr : residual.at(0, 0, x) + column;
        variant.tile({src.at(0, 0, x), src.pixel_stride, kNoOffset, 1, panels.k(), panels.weights(panel),
                      panels.width(panel), panels.bias(panel), dst.at(0, 0, x) + column, dst.pixel_stride,
                      added, residual.pixel_stride, std::min(variant.mr, x1 - x), panels.columns(panel),
                      epilogue});
      }
    }
  });
}

}  // namespace ink
