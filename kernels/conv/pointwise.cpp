#include "kernels/conv/pointwise.h"

#include <algorithm>

#include "kernels/base/caches.h"
#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

constexpr int kDepth = 512;       // of a piece, at most: 64 KiB of scaled weights
constexpr int kMostTiles = 64;    // of a block
constexpr int kMostWaiting = 32;  // of a block whose sums wait from piece to piece
constexpr int64_t kNoOffset[] = {0};

// Pieces that differ by one at most.
int64_t begin_of(int64_t size, int64_t pieces, int64_t index) { return size * index / pieces; }

template <class T>
struct Rows {
  T* data;
  int64_t stride;
};

// dst = a * b, row by row; b has a value a row, or a row for all.
BinaryRow product(Rows<const float> a, Rows<const float> b, Rows<float> dst, int rows, int width,
                  bool b_is_scalar) {
  return {a.data,      b.data,        dst.data,         rows, width, a.stride, b.stride, dst.stride,
          b_is_scalar, BinaryOp::mul, Activation::none, 0};
}

template <class Map>
bool one_row(const Map& map) {
  return map.data == nullptr || map.row_stride == map.w * map.pixel_stride;
}

}  // namespace

// The pixels of the region lie in lines: all of an image, where its rows follow each other, or its rows.
struct PointwiseConv::Job {
  View<const float> src, residual, scale;
  View<float> dst;
  const Epilogue& epilogue;
  Rect region;
  int64_t length, tiles;  // of a line
  int lines;              // an image
};

const char* PointwiseConv::declines(const ConvParams& p) {
  if (p.kh != 1 || p.kw != 1 || p.sh != 1 || p.sw != 1) return "not 1x1 of stride 1";
  if (p.pad_top != 0 || p.pad_left != 0 || p.pad_bottom != 0 || p.pad_right != 0) return "padded";
  if (p.groups != 1) return "groups";
  return nullptr;
}

GemmPanels pointwise_panels(const GemmVariant& gemm, const ConvParams& params, const ConvWeights& weights,
                            const float* bias) {
  const ConvWeights::Steps steps = weights.steps(params.ic, params.oc, 1);
  return {gemm,
          {weights.data, params.ic, steps.ic, steps.oc, weights.factors, nullptr, weights.packing},
          params.oc,
          bias};
}

PointwiseConv::PointwiseConv(const GemmVariant& gemm, const BinaryVariant& binary, const ConvParams& params,
                             const ConvWeights& weights, const float* bias)
    : gemm_(&gemm), binary_(&binary) {
  INK_CHECK(declines(params) == nullptr);
  panels_ = pointwise_panels(gemm, params, weights, bias);
}

// The reference adds up in double, which sums that wait in float would undo.
int PointwiseConv::pieces() const {
  return gemm_->isa == Isa::reference ? 1 : static_cast<int>(divide_up(panels_.k(), kDepth));
}

int PointwiseConv::piece_begin(int piece) const {
  return static_cast<int>(begin_of(panels_.k(), pieces(), piece));
}

// A block of tiles stays in half the second-level cache while panel after panel passes over it.
int64_t PointwiseConv::most_tiles() const {
  const int64_t tile_bytes = int64_t{4} * gemm_->mr * std::max(panels_.k(), 1);
  return std::clamp<int64_t>(second_level_cache_bytes() / 2 / tile_bytes, 1,
                             pieces() == 1 ? kMostTiles : kMostWaiting);
}

size_t PointwiseConv::scaled_floats(int64_t pixels) const {
  const int64_t floats = scales_map(pixels)
                             ? std::min(most_tiles(), divide_up(pixels, gemm_->mr)) * gemm_->mr * panels_.k()
                             : divide_up(panels_.k(), pieces()) * gemm_->nr;
  return align_up(static_cast<size_t>(floats), kAlignment / sizeof(float));
}

size_t PointwiseConv::worker_floats(int64_t pixels) const {
  const size_t waiting = static_cast<size_t>(kMostWaiting * gemm_->mr * gemm_->nr);
  return scaled_floats(pixels) + (pieces() == 1 ? 0 : align_up(waiting, kAlignment / sizeof(float)));
}

size_t PointwiseConv::scratch_floats(int threads, int64_t pixels) const {
  return worker_floats(pixels) * static_cast<size_t>(threads);
}

void PointwiseConv::run(View<const float> src, View<float> dst, View<const float> residual,
                        View<const float> scale, const Epilogue& epilogue, Rect region, int threads,
                        float* scratch) const {
  INK_CHECK(src.c == panels_.k() && dst.c == panels_.n() && scale.c == src.c);
  INK_CHECK(scale.h == 1 && scale.w == 1 && (scale.n == 1 || scale.n == dst.n));
  if (region.empty()) return;
  const bool whole = region == dst.whole() && one_row(src) && one_row(dst) && one_row(residual);
  const int64_t length = whole ? region.area() : region.w();
  const int lines = whole ? 1 : region.h();
  const Job job{src, residual, scale, dst, epilogue, region, length, divide_up(length, gemm_->mr), lines};
  const int64_t tiles = job.tiles * lines;
  constexpr int kTasksPerThread = 4;
  const int64_t wanted = threads == 1 ? 1 : int64_t{threads} * kTasksPerThread;
  const int64_t blocks = divide_up(tiles, most_tiles()), panels = panels_.count();
  int64_t groups = std::min(panels, divide_up(wanted, blocks * dst.n));
  if (groups > 1 && groups * 2 > panels) groups = panels;
  const size_t per_worker = worker_floats(dst.whole().area());
  parallel_for(dst.n * blocks * groups, threads, [&](int64_t task, int worker) {
    const int64_t block = task % blocks, group = task / blocks % groups, image = task / blocks / groups;
    run_tiles(job, static_cast<int>(image), begin_of(tiles, blocks, block),
              begin_of(tiles, blocks, block + 1), static_cast<int>(begin_of(panels, groups, group)),
              static_cast<int>(begin_of(panels, groups, group + 1)),
              scratch + static_cast<size_t>(worker) * per_worker);
  });
}

PointwiseConv::Tile PointwiseConv::place(const Job& job, int image, int64_t index) const {
  const int64_t line = index / job.tiles, tile = index % job.tiles;
  const int64_t first = begin_of(job.length, job.tiles, tile);
  const int y = job.region.y0 + static_cast<int>(line + first / job.region.w());
  const int x = job.region.x0 + static_cast<int>(first % job.region.w());
  return {job.src.at(image, y, x), job.dst.at(image, y, x),
          job.residual.data == nullptr ? nullptr : job.residual.at(image, y, x),
          static_cast<int>(begin_of(job.length, job.tiles, tile + 1) - first)};
}

void PointwiseConv::run_tiles(const Job& job, int image, int64_t first, int64_t behind, int first_panel,
                              int behind_panel, float* scratch) const {
  Tile tiles[kMostTiles];
  const auto count = static_cast<int>(behind - first);
  const int64_t pixels = job.dst.whole().area();
  const float* scale = job.scale.at(job.scale.n == 1 ? 0 : image, 0, 0);
  const bool map_is_scaled = scales_map(pixels),
             asks_for_map = job.lines == 1 && pieces() == 1 && !map_is_scaled;
  float* scaled = scratch;
  float* waiting = scratch + scaled_floats(pixels);
  int64_t src_step = job.src.pixel_stride;
  float* rows = scaled;
  for (int i = 0; i < count; ++i) {
    tiles[i] = place(job, image, first + i);
    if (!map_is_scaled) continue;
    binary_->row(
        product({tiles[i].src, src_step}, {scale, 0}, {rows, panels_.k()}, tiles[i].m, panels_.k(), false));
    tiles[i].src = rows;
    rows += int64_t{tiles[i].m} * panels_.k();
  }
  if (map_is_scaled) src_step = panels_.k();
  for (int panel = first_panel; panel < behind_panel; ++panel) {
    const int width = panels_.width(panel);
    const int64_t column = panels_.first_column(panel);
    for (int piece = 0; piece < pieces(); ++piece) {
      const int begin = piece_begin(piece), end = piece_begin(piece + 1);
      const bool last = piece + 1 == pieces();
      const float* weights = panels_.weights(panel) + int64_t{begin} * width;
      if (!map_is_scaled)
        binary_->row(
            product({weights, width}, {scale + begin, 1}, {scaled, width}, end - begin, width, true));
      // What comes next follows in memory: every step of every tile asks for its share.
      const bool more = !last || panel + 1 < behind_panel;
      const int64_t ahead_step = std::min<int64_t>(kAlignment, divide_up(int64_t{4} * width, count));
      const auto* ahead = reinterpret_cast<const unsigned char*>(weights + int64_t{end - begin} * width);
      for (int i = 0; i < count; ++i) {
        const Tile& tile = tiles[i];
        float* sums = waiting + static_cast<int64_t>(i) * gemm_->mr * gemm_->nr;
        GemmTileArgs args{.src = tile.src + begin,
                          .src_step = src_step,
                          .taps = kNoOffset,
                          .tap_count = 1,
                          .run = end - begin,
                          .packed = map_is_scaled ? weights : scaled,
                          .panel = width,
                          .bias = panels_.bias(panel),
                          .dst = tile.dst + column,
                          .dst_step = job.dst.pixel_stride,
                          .residual = tile.residual == nullptr ? nullptr : tile.residual + column,
                          .residual_step = job.residual.pixel_stride,
                          .m = tile.m,
                          .n = panels_.columns(panel),
                          .epilogue = job.epilogue};
        if (piece > 0) args.sums = sums, args.sums_step = gemm_->nr;
        if (!last) {
          args.dst = sums, args.dst_step = gemm_->nr, args.n = width;
          args.residual = nullptr, args.epilogue = {};
        }
        if (more) args.ahead = ahead + i * args.run * ahead_step, args.ahead_step = ahead_step;
        // The map comes from furthest away, once: few weights can wait for that.
        if (asks_for_map && panel == first_panel && i + 1 < count) {
          args.ahead = reinterpret_cast<const unsigned char*>(tiles[i + 1].src);
          args.ahead_step = divide_up(int64_t{4} * tiles[i + 1].m * src_step, args.run);
        }
        gemm_->tile(args);
      }
    }
  }
}

}  // namespace ink
