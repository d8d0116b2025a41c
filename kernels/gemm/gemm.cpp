#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/base/caches.h"
#include "kernels/base/check.h"
#include "kernels/base/half.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr GemmVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "gemm_14x32_avx512", gemm_tile_14x32_avx512, gemm_widen_avx512, 14, 32, 16},
    {Isa::avx2, "gemm_6x16_avx2", gemm_tile_6x16_avx2, gemm_widen_avx2, 6, 16, 8},
    {Isa::sse42, "gemm_6x8_sse42", gemm_tile_6x8_sse42, gemm_widen_sse42, 6, 8, 4},
#endif
#ifdef INK_OPENBLAS
    {Isa::openblas, "gemm_14x32_openblas", gemm_tile_14x32_openblas, gemm_widen_reference, 14, 32, 16},
#endif
    {Isa::reference, "gemm_reference", gemm_tile_reference, gemm_widen_reference, 4, 8, 8},
};

constexpr int64_t kNoOffset[] = {0};
constexpr int kMostTiles = 16;  // of a block

int divide_up(int a, int b) { return (a + b - 1) / b; }

// How a product of m rows is shared out. Rows are cut into `tiles` of nearly equal height and these into
// blocks: a block of the left matrix stays in half the second-level cache while panel after panel passes over
// it. A piece is some panels of one block; pieces go block by block, so that a thread keeps its block from
// piece to piece.
struct Cut {
  int tiles, blocks, panels_per_piece, groups, threads;

  Cut(const GemmVariant& variant, const GemmPanels& panels, int m, int wanted_threads)
      : threads(wanted_threads) {
    const int64_t per_panel = static_cast<int64_t>(variant.nr) * std::max(panels.k(), 1);
    constexpr int64_t kTooLittle = 1 << 16;  // multiplications that are done before a thread has woken up
    if (m * per_panel * panels.count() < kTooLittle) threads = 1;
    tiles = divide_up(m, variant.mr);
    const int64_t tile_bytes = int64_t{4} * variant.mr * std::max(panels.k(), 1);
    const int most =
        static_cast<int>(std::clamp<int64_t>(second_level_cache_bytes() / 2 / tile_bytes, 1, kMostTiles));
    blocks = divide_up(tiles, most);
    // Pieces enough that a thread which is late costs little; a panel comes from further away for each block,
    // so four tiles at least have it in common.
    constexpr int kPiecesPerThread = 16, kFewestTiles = 4;
    const int wanted = threads == 1 ? 1 : threads * kPiecesPerThread;
    blocks = std::max(blocks, std::min(divide_up(wanted, panels.count()), tiles / kFewestTiles));
    constexpr int64_t kPiece = 1 << 18;  // multiplications, far above the cost of claiming a piece
    const int64_t rows = divide_up(m, blocks);
    panels_per_piece = static_cast<int>(std::clamp<int64_t>(kPiece / (rows * per_panel), 1, panels.count()));
    groups = divide_up(panels.count(), panels_per_piece);
  }
  int64_t pieces() const { return static_cast<int64_t>(blocks) * groups; }
  int first_panel(int64_t piece) const { return static_cast<int>(piece % groups) * panels_per_piece; }
  int first_tile(int64_t block) const { return static_cast<int>(tiles * block / blocks); }
};

struct Product {
  const GemmVariant& variant;
  const GemmPanels& panels;
  View<const float> src;
  View<float> dst;
  View<const float> residual;
  const Epilogue& epilogue;

  // The first row of a tile.
  int row(int tile, int tiles) const { return static_cast<int>(static_cast<int64_t>(dst.w) * tile / tiles); }

  GemmTileArgs tile_args(int panel, int tile, int tiles) const {
    const int x = row(tile, tiles), column = panels.first_column(panel);
    const float* added = residual.data == nullptr ? nullptr : residual.at(0, 0, x) + column;
    return {src.at(0, 0, x),
            src.pixel_stride,
            kNoOffset,
            1,
            panels.k(),
            nullptr,
            panels.width(panel),
            panels.bias(panel),
            dst.at(0, 0, x) + column,
            dst.pixel_stride,
            added,
            residual.pixel_stride,
            row(tile + 1, tiles) - x,
            panels.columns(panel),
            epilogue};
  }

  // The panels of a piece; `after` is the panel that this thread will want then.
  void run_piece(const Cut& cut, int64_t piece, int after) const {
    const int64_t block = piece / cut.groups;
    const int first = cut.first_tile(block), last = cut.first_tile(block + 1);
    const int begin = cut.first_panel(piece), end = std::min(panels.count(), begin + cut.panels_per_piece);
    for (int panel = begin; panel < end; ++panel) {
      const int next = panel + 1 < end ? panel + 1 : after;
      if (panels.dtype() == DType::f32) {
        run_panel(panel, first, last, cut.tiles, Ahead(panels, next, last - first));
      } else {
        run_narrow_panel(panel, first, last, cut.tiles, Ahead(panels, next, last - first));
      }
    }
  }

 private:
  // A panel comes from memory or the third-level cache a line at a time while the one before is at work: at
  // full speed a tile would wait for it. All steps of all tiles ask for a share.
  struct Ahead {
    const unsigned char* data;
    int64_t step;  // bytes

    Ahead(const GemmPanels& panels, int next, int tiles) : data(panels.bytes_of(next)) {
      const auto row = static_cast<int64_t>(dtype_size(panels.dtype())) * panels.width(next);
      constexpr int64_t kLine = 64;
      step = std::min(kLine, (row + tiles - 1) / tiles);
    }
    void give(GemmTileArgs& args, int64_t steps_before) const {
      args.ahead = data + steps_before * step;
      args.ahead_step = step;
    }
  };

  void run_panel(int panel, int first_tile, int last_tile, int tiles, const Ahead& ahead) const {
    for (int tile = first_tile; tile < last_tile; ++tile) {
      GemmTileArgs args = tile_args(panel, tile, tiles);
      args.packed = panels.weights(panel);
      ahead.give(args, static_cast<int64_t>(tile - first_tile) * panels.k());
      variant.tile(args);
    }
  }

  // Widens a stretch of the depth at a time, for all tiles of the block; their sums wait beside it in the
  // first-level cache. So a weight is widened once a block, and the tiles are those of f32.
  void run_narrow_panel(int panel, int first_tile, int last_tile, int tiles, const Ahead& ahead) const {
    constexpr int kDepth = 128;
    alignas(kAlignment) float widened[kDepth * kMostTileColumns];
    alignas(kAlignment) float sums[kMostTiles * kMostTileRows * kMostTileColumns];
    const int width = panels.width(panel);

    int k = 0;
    do {
      const int depth = std::min(kDepth, panels.k() - k);
      variant.widen({panels.halves(panel) + static_cast<int64_t>(k) * width, widened,
                     static_cast<int64_t>(depth) * width, panels.dtype() == DType::bf16});
      for (int tile = first_tile; tile < last_tile; ++tile) {
        GemmTileArgs args = tile_args(panel, tile, tiles);
        float* waiting = sums + (tile - first_tile) * variant.mr * kMostTileColumns;
        args.src += k;
        args.run = depth;
        args.packed = widened;
        ahead.give(args, static_cast<int64_t>(k) * (last_tile - first_tile) +
                             static_cast<int64_t>(tile - first_tile) * depth);
        if (k > 0) args.sums = waiting, args.sums_step = kMostTileColumns;
        if (k + depth < panels.k()) {
          args.dst = waiting, args.dst_step = kMostTileColumns;
          args.n = width;
          args.residual = nullptr;
          args.epilogue = {};
        }
        variant.tile(args);
      }
      k += depth;
    } while (k < panels.k());
  }
};

}  // namespace

void gemm_tile_reference(const GemmTileArgs& args) {
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < args.n; ++j) {
      double sum = args.sums == nullptr ? args.bias[j] : args.sums[i * args.sums_step + j];
      const float* weight = args.packed + j;
      for (int t = 0; t < args.tap_count; ++t) {
        const float* src = args.src + i * args.src_step + args.taps[t];
        for (int k = 0; k < args.run; ++k, weight += args.panel) sum += static_cast<double>(src[k]) * *weight;
      }
      const float residual = args.residual == nullptr ? 0.0f : args.residual[i * args.residual_step + j];
      args.dst[i * args.dst_step + j] = finish(static_cast<float>(sum), residual, args.epilogue);
    }
  }
}

void gemm_widen_reference(const GemmWidenArgs& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    args.dst[i] = args.bf16 ? bf16_to_f32(args.src[i]) : f16_to_f32(args.src[i]);
  }
}

std::span<const GemmVariant> gemm_variants() { return kVariants; }

const GemmVariant& choose_gemm(Isa limit) { return best_variant(gemm_variants(), limit); }

void gemm_run(const GemmVariant& variant, const GemmPanels& panels, View<const float> src, View<float> dst,
              View<const float> residual, const Epilogue& epilogue, int threads) {
  INK_CHECK(src.c == panels.k() && dst.c == panels.n() && src.w == dst.w);
  INK_CHECK(variant.mr <= kMostTileRows && variant.nr <= kMostTileColumns);
  if (dst.w == 0) return;
  const Product product{variant, panels, src, dst, residual, epilogue};
  const Cut cut(variant, panels, dst.w, threads);
  parallel_for_ahead(cut.pieces(), cut.threads, [&](int64_t piece, int64_t after) {
    product.run_piece(cut, piece, cut.first_panel(after));
  });
}

}  // namespace ink
