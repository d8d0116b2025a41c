#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <new>

#include "kernels/base/caches.h"
#include "kernels/base/check.h"
#include "kernels/base/denormals.h"
#include "kernels/base/divide.h"
#include "kernels/base/half.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr GemmVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "gemm_14x32_avx512", gemm_tile_14x32_avx512, gemm_row_32_avx512, gemm_widen_avx512,
     gemm_pack_avx512, gemm_line_14x32_avx512, 14, 32, 16, true},
    {Isa::avx2, "gemm_6x16_avx2", gemm_tile_6x16_avx2, gemm_row_16_avx2, gemm_widen_avx2, gemm_pack_avx2,
     gemm_line_6x16_avx2, 6, 16, 8},
    {Isa::sse42, "gemm_6x8_sse42", gemm_tile_6x8_sse42, gemm_row_8_sse42, gemm_widen_sse42,
     gemm_pack_reference, gemm_line_6x8_sse42, 6, 8, 4},
#endif
#ifdef INK_OPENBLAS
    {Isa::openblas, "gemm_14x32_openblas", gemm_tile_14x32_openblas, nullptr, gemm_widen_reference,
     gemm_pack_reference, nullptr, 14, 32, 16},
#endif
    {Isa::reference, "gemm_reference", gemm_tile_reference, nullptr, gemm_widen_reference,
     gemm_pack_reference, nullptr, 4, 8, 8},
};

constexpr int64_t kNoOffset[] = {0};
constexpr int kMostTiles = 16;  // of a block

// Of a block of rows.
int most_tiles(const GemmVariant& variant, int k) {
  const int64_t tile_bytes = int64_t{4} * variant.mr * std::max(k, 1);
  return static_cast<int>(std::clamp<int64_t>(second_level_cache_bytes() / 2 / tile_bytes, 1, kMostTiles));
}

// Multiplications that are done before a thread has woken up.
bool too_little(const GemmPanels& panels, int m) {
  constexpr int64_t kTooLittle = 1 << 16;
  return int64_t{m} * panels.n() * std::max(panels.k(), 1) < kTooLittle;
}

// How a product of m rows is shared out. Rows are cut into `tiles` of nearly equal height and these into
// blocks: a block of the left matrix stays in half the second-level cache while panel after panel passes over
// it. A piece is some panels of one block; pieces go block by block, so that a thread keeps its block from
// piece to piece.
struct Cut {
  int tiles, blocks, panels_per_piece, groups, threads;

  Cut(const GemmVariant& variant, const GemmPanels& panels, int m, int wanted_threads)
      : threads(wanted_threads) {
    const int64_t per_panel = static_cast<int64_t>(variant.nr) * std::max(panels.k(), 1);
    if (too_little(panels, m)) threads = 1;
    tiles = divide_up(m, variant.mr);
    blocks = divide_up(tiles, most_tiles(variant, panels.k()));
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

// Whether the rows of a block are worth copying to lie side by side: one address then serves all rows of a
// tile, and a step of its depth takes an eighth fewer instructions. That pays where many columns follow;
// where rows are so long that few tiles make a block, tiles wait for weights instead.
bool interleaves(const GemmVariant& variant, const GemmPanels& panels, int m) {
  constexpr int kFewestTiles = 4, kFewestColumns = 512, kFewestTilesOfBlock = 8;
  return variant.interleaved && m > (kFewestTiles - 1) * variant.mr && panels.n() >= kFewestColumns &&
         most_tiles(variant, panels.k()) >= kFewestTilesOfBlock;
}

// A worker's scratch: which block it holds, in a cache line, then the rows of that.
constexpr int64_t kHeldFloats = kAlignment / sizeof(float);
int64_t worker_floats(const GemmVariant& variant, const GemmPanels& panels, int m) {
  const int64_t rows = std::min(m, most_tiles(variant, panels.k()) * variant.mr);
  return kHeldFloats + static_cast<int64_t>(align_up(static_cast<size_t>(rows * panels.k()), kHeldFloats));
}

// Behind the scratch of all workers: a panel of a worker, where panels are packed when they are used.
int64_t loose_floats(const GemmPanels& panels) {
  if (panels.loose() == nullptr) return 0;
  const size_t values = static_cast<size_t>(panels.k()) * kMostTileColumns;
  return static_cast<int64_t>(align_up(values * dtype_size(panels.dtype())) / sizeof(float));
}

struct Product {
  const GemmVariant& variant;
  const GemmPanels& panels;
  View<const float> src;
  View<float> dst;
  View<const float> residual;
  const Epilogue& epilogue;

  // Those of a block, of `count` in all; `rows` as run_piece() has it.
  struct Tiles {
    int first, last, count;
    const float* rows;
  };

  // The first row of a tile.
  int row(int tile, int tiles) const { return static_cast<int>(static_cast<int64_t>(dst.w) * tile / tiles); }

  GemmTileArgs tile_args(int panel, int tile, const Tiles& tiles) const {
    const int x = row(tile, tiles.count), column = panels.first_column(panel);
    const float* added = residual.data == nullptr ? nullptr : residual.at(0, 0, x) + column;
    const int64_t before = static_cast<int64_t>(x - row(tiles.first, tiles.count)) * panels.k();
    return {.src = tiles.rows == nullptr ? src.at(0, 0, x) : tiles.rows + before,
            .src_step = src.pixel_stride,
            .taps = kNoOffset,
            .tap_count = 1,
            .run = panels.k(),
            .packed = nullptr,
            .panel = panels.width(panel),
            .bias = panels.bias(panel),
            .dst = dst.at(0, 0, x) + column,
            .dst_step = dst.pixel_stride,
            .residual = added,
            .residual_step = residual.pixel_stride,
            .m = row(tile + 1, tiles.count) - x,
            .n = panels.columns(panel),
            .epilogue = epilogue,
            .interleaved = tiles.rows != nullptr};
  }

  // Copies the rows of a block to lie side by side, tile after tile.
  void interleave(const Cut& cut, int64_t block, float* rows) const {
    for (int tile = cut.first_tile(block); tile < cut.first_tile(block + 1); ++tile) {
      const int x = row(tile, cut.tiles), m = row(tile + 1, cut.tiles) - x;
      variant.pack({src.at(0, 0, x), src.pixel_stride, 1, panels.k(), m, rows, m});
      rows += static_cast<int64_t>(m) * panels.k();
    }
  }

  // The panels of a piece; `after` is the panel that this thread will want then. `rows`: those of its block,
  // side by side, or nullptr; `loose`: where to pack loose panels.
  void run_piece(const Cut& cut, int64_t piece, int after, const float* rows, float* loose) const {
    const int64_t block = piece / cut.groups;
    const int begin = cut.first_panel(piece), end = std::min(panels.count(), begin + cut.panels_per_piece);
    run_panels({cut.first_tile(block), cut.first_tile(block + 1), cut.tiles, rows}, begin, end, after, loose);
  }

  void run_panels(const Tiles& tiles, int begin, int end, int after, float* loose) const {
    const bool packed = panels.dtype() == DType::f32 && panels.loose() == nullptr;
    if (dst.w == 1 && packed && variant.row != nullptr) return run_row(begin, end);
    for (int panel = begin; panel < end; ++panel) {
      const int next = panel + 1 < end ? panel + 1 : after;
      run_panel(panel, tiles, next, loose);
    }
  }

 private:
  void run_row(int begin, int end) const {
    const int column = panels.first_column(begin);
    variant.row({.src = src.at(0, 0, 0),
                 .k = panels.k(),
                 .n = std::min(panels.n(), panels.first_column(end)) - column,
                 .packed = panels.weights(begin),
                 .bias = panels.bias(begin),
                 .dst = dst.at(0, 0, 0) + column,
                 .residual = residual.data == nullptr ? nullptr : residual.at(0, 0, 0) + column,
                 .epilogue = epilogue});
  }

  const unsigned char* pack_loose(int panel, int next, int64_t ahead_bytes, float* to) const {
    if (panels.loose() == nullptr) return panels.bytes_of(panel);
    panels.loose()->pack(variant.pack, panels.first_column(panel), panels.columns(panel), panels.width(panel),
                         to, panels.bytes_of(next), ahead_bytes);
    return reinterpret_cast<const unsigned char*>(to);
  }

  // A stretch of the depth at a time for all tiles of the block, whose sums wait meanwhile: one that stays in
  // the second-level cache beside the block. Weights of 16 bits are widened by shorter ones, which stay in
  // the first-level cache, once a block. The stretch after it, in the end that of the panel `next`, comes
  // from memory or the third-level cache meanwhile, where a tile would wait for it: all steps of all tiles
  // ask for a share.
  void run_panel(int panel, const Tiles& tiles, int next, float* loose) const {
    constexpr int kDepth = 1024, kNarrowDepth = 128;
    const bool narrow = panels.dtype() != DType::f32;
    const auto element = static_cast<int64_t>(dtype_size(panels.dtype()));
    // Of a row of the next panel, what is asked for while this one is packed: as much as its tiles ask for.
    const int64_t packing_share = panels.loose() == nullptr ? 0 : element * panels.width(next) / 2;
    const unsigned char* const data = pack_loose(panel, next, packing_share * panels.k(), loose);
    alignas(kAlignment) float widened[kNarrowDepth * kMostTileColumns];
    alignas(kAlignment) float sums[kMostTiles * kMostTileRows * kMostTileColumns];
    const int width = panels.width(panel), count = tiles.last - tiles.first;
    int k = 0;
    do {
      const int depth = std::min(narrow ? kNarrowDepth : kDepth, panels.k() - k);
      const bool last = k + depth == panels.k();
      const bool of_next = last || panels.loose() != nullptr;
      const int64_t row_bytes = element * panels.width(of_next ? next : panel) - packing_share;
      const int64_t share = std::min(static_cast<int64_t>(kAlignment), divide_up(row_bytes, count));
      const unsigned char* ahead = last ? panels.bytes_of(next) : data + (k + depth) * row_bytes;
      if (panels.loose() != nullptr) {
        ahead = panels.bytes_of(next) + packing_share * panels.k() + k * row_bytes;
      }
      const unsigned char* const weights = data + static_cast<int64_t>(k) * width * element;
      if (narrow) {
        variant.widen({reinterpret_cast<const uint16_t*>(weights), widened,
                       static_cast<int64_t>(depth) * width, panels.dtype() == DType::bf16});
      }
      for (int tile = tiles.first; tile < tiles.last; ++tile) {
        GemmTileArgs args = tile_args(panel, tile, tiles);
        float* waiting = sums + (tile - tiles.first) * variant.mr * kMostTileColumns;
        args.src += args.interleaved ? static_cast<int64_t>(k) * args.m : k;
        args.run = depth;
        args.packed = narrow ? widened : reinterpret_cast<const float*>(weights);
        args.ahead = ahead + (tile - tiles.first) * depth * share;
        args.ahead_step = share;
        if (k > 0) args.sums = waiting, args.sums_step = kMostTileColumns;
        if (!last) {
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

size_t gemm_scratch_floats(const GemmVariant& variant, const GemmPanels& panels, int64_t m, int threads) {
  const int rows = static_cast<int>(std::min<int64_t>(m, kMostTiles * kMostTileRows));
  const int64_t side_by_side = interleaves(variant, panels, rows) ? worker_floats(variant, panels, rows) : 0;
  return static_cast<size_t>((side_by_side + loose_floats(panels)) * threads);
}

void gemm_run(const GemmVariant& variant, const GemmPanels& panels, View<const float> src, View<float> dst,
              View<const float> residual, const Epilogue& epilogue, int threads, float* scratch) {
  INK_CHECK(src.c == panels.k() && dst.c == panels.n() && src.w == dst.w);
  INK_CHECK(variant.mr <= kMostTileRows && variant.nr <= kMostTileColumns);
  if (dst.w == 0) return;
  const Product product{variant, panels, src, dst, residual, epilogue};
  if (dst.w <= variant.mr && panels.loose() == nullptr && too_little(panels, dst.w)) {
    const FlushDenormals flush;
    return product.run_panels({0, 1, 1, nullptr}, 0, panels.count(), 0, nullptr);
  }
  const Cut cut(variant, panels, dst.w, threads);
  INK_CHECK(panels.loose() == nullptr || scratch != nullptr);
  const bool interleaved = scratch != nullptr && interleaves(variant, panels, dst.w);
  const int64_t floats = interleaved ? worker_floats(variant, panels, dst.w) : 0;
  const auto loose_of = [&](int worker) {
    return scratch == nullptr ? nullptr : scratch + floats * threads + loose_floats(panels) * worker;
  };
  for (int worker = 0; interleaved && worker < threads; ++worker) new (scratch + worker * floats) int64_t{-1};
  parallel_for_ahead(cut.pieces(), cut.threads, [&](int64_t piece, int64_t after, int worker) {
    float* rows = nullptr;
    if (interleaved) {
      float* const own = scratch + worker * floats;
      int64_t& held = *std::launder(reinterpret_cast<int64_t*>(own));
      rows = own + kHeldFloats;
      if (held != piece / cut.groups) product.interleave(cut, held = piece / cut.groups, rows);
    }
    product.run_piece(cut, piece, cut.first_panel(after), rows, loose_of(worker));
  });
}

}  // namespace ink
