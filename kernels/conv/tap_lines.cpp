#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/base/caches.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/tap_maps.h"

// The driver of one convolution. Its outputs are cut into tiles, the tiles into blocks whose inputs stay in
// the second-level cache while panels of weights pass over them; a task is a block times some of the panels.
// Tiles that reach beyond the map, or over the end of a row, gather their inputs, once for all panels of the
// task.

namespace ink {
namespace {

constexpr int kMostTiles = 64;  // of a block
constexpr int kAskDepth = 128;  // shallower tiles have no time to ask for their neighbour's inputs
// Tiles at the sides of rows that wait gathered; where every tile is gathered, it is a block of them.
constexpr int kGatheredTiles = 8, kMostGatheredTiles = 16;

// Of panels that are cut in depth.
constexpr int kDepth = 512, kDeepTiles = 16;

// Pieces that differ by one at most.
int64_t piece_begin(int64_t size, int64_t pieces, int64_t index) { return size * index / pieces; }

template <class Map>
bool one_row(const Map& map) {
  return map.data == nullptr || map.row_stride == map.w * map.pixel_stride;
}

// Whether images follow each other as rows do.
template <class Map>
bool one_row_of_all(const Map& map) {
  return map.data == nullptr || map.n == 1 || map.image_stride == map.h * map.row_stride;
}

// Blocks of tiles times groups of panels: as few as the cache allows for one thread, else enough tasks to
// share out.
struct Cut {
  int64_t blocks, groups;
};

Cut cut_work(int64_t tiles, int64_t most_tiles, int64_t panels, double input_bytes, double weight_bytes,
             int threads) {
  constexpr int kTasksPerThread = 4;
  const int64_t least = divide_up(tiles, most_tiles);
  const int64_t wanted = threads == 1 ? 1 : int64_t{threads} * kTasksPerThread;
  if (least >= wanted) return {least, 1};
  // A block reads the weights of its panels, a group of panels the inputs: the least of both together.
  const auto ideal = std::llround(std::sqrt(static_cast<double>(wanted) * input_bytes / weight_bytes));
  int64_t blocks = std::clamp<int64_t>(ideal, least, std::min(tiles, wanted));
  const int64_t groups = std::min(panels, divide_up(wanted, blocks));
  if (blocks * groups < wanted) blocks = std::clamp(divide_up(wanted, groups), blocks, tiles);
  return {blocks, groups};
}

}  // namespace

// Tiles lie in lines: rows of the map or, where rows would be cut into tiles of few pixels, whole maps.
struct TapConv::Lines {
  Maps maps;
  Rect grid;
  bool flat = false;     // a line is a map
  bool in_step = false;  // and its outputs read one pixel each, in the same order
  int images = 1;        // lines, where they are maps; else lines are images times rows
  int64_t length = 0;    // outputs a line
  int64_t count = 0;     // lines
  int64_t tiles = 1;     // a line
  bool merged = false;   // the inputs of one kernel row are one tap
  int64_t taps[kMaxTaps] = {};
  int tap_count = 1, run = 0;  // run: floats a tap
  int depth = 0;               // of a piece of a deep panel: whole taps
};

struct TapConv::Tile {
  const float* src;  // of the first output's first tap, where they are read in place
  int64_t src_step;
  bool gathered;
  int m;
  int image, qy, qx;  // of the first output
  float* dst;
  const float* residual;
};

int TapConv::gathered_tiles() const {
  const int64_t bytes = static_cast<int64_t>(tile_floats() * sizeof(float));
  return static_cast<int>(std::clamp<int64_t>(second_level_cache_bytes() / 2 / bytes, 1, kMostGatheredTiles));
}

size_t TapConv::scratch_floats(int threads) const {
  return tile_floats() * static_cast<size_t>(gathered_tiles()) * static_cast<size_t>(threads);
}

bool TapConv::deep() const {
  const int64_t panel_bytes = int64_t{4} * variant_->nr * k();
  // The reference adds up in double, which sums that wait in float would undo; OpenBLAS in pieces of its own.
  return variant_->isa > Isa::openblas && panel_bytes > second_level_cache_bytes() / 8;
}

bool TapConv::pointwise() const {
  const auto plain = [](const TapAxis& axis) {
    return axis.taps == 1 && axis.src_step == 1 && axis.src_start == 0 && axis.dst_step == 1;
  };
  return plain(rows_) && plain(columns_);
}

TapConv::Lines TapConv::make_lines(const Maps& maps, Rect region) const {
  Lines lines{.maps = maps, .grid = rows_.outputs(columns_, region)};
  const View<float>& dst = maps.dst;
  const View<const float>& src = maps.src;
  const int mr = variant_->mr, width = lines.grid.w();
  const bool whole = region == dst.whole() && rows_.dst_step == 1 && columns_.dst_step == 1 && one_row(dst) &&
                     one_row(maps.residual);
  // Padding on one side alone would put the pixels of src and dst out of step.
  lines.in_step = whole && pointwise() && src.h == dst.h && src.w == dst.w && one_row(src);
  // Rows that end in short tiles waste more than it costs to gather.
  const bool short_tiles = width * 10 < divide_up(width, mr) * mr * 7;
  lines.flat = lines.in_step || (whole && short_tiles);
  if (lines.flat) {
    const bool all =
        one_row_of_all(dst) && one_row_of_all(maps.residual) && (!lines.in_step || one_row_of_all(src));
    lines.images = all ? 1 : dst.n;
    lines.count = lines.images;
    lines.length = dst.whole().area() * (all ? dst.n : 1);
  } else {
    lines.count = static_cast<int64_t>(dst.n) * std::max(lines.grid.h(), 0);
    lines.length = width;
  }
  lines.tiles = std::max<int64_t>(1, divide_up(lines.length, mr));
  // Where the inputs of one kernel row are contiguous they are one tap: longer inner loops, the same order.
  lines.merged = src.gapless() && groups_.size() == 1 && columns_.dilation == 1 && columns_.taps > 0;
  const int column_taps = lines.merged ? 1 : columns_.taps;
  lines.tap_count = rows_.taps * column_taps;
  lines.run = lines.merged ? columns_.taps * icg_ : icg_;
  lines.depth = lines.tap_count == 1 ? kDepth : std::max(1, kDepth / lines.run) * lines.run;
  for (int r = 0; r < rows_.taps; ++r) {
    for (int s = 0; s < column_taps; ++s) {
      lines.taps[r * column_taps + s] =
          r * rows_.dilation * src.row_stride + s * columns_.dilation * src.pixel_stride;
    }
  }
  return lines;
}

void TapConv::run(View<const float> src, View<float> dst, View<const float> residual,
                  const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  INK_CHECK(variant_->mr <= kMostTileRows && variant_->nr <= kMostTileColumns);
  const Maps maps{src, residual, dst, epilogue};
  if (makes_rows(maps, region)) return run_rows(maps, region, threads, scratch);
  const Lines lines = make_lines(maps, region);
  if (lines.grid.h() <= 0 || lines.grid.w() <= 0) return;
  const int64_t tiles = lines.count * lines.tiles;
  const int64_t panels = static_cast<int64_t>(groups_.size()) * groups_.front().count();
  const bool gathers = lines.flat && !lines.in_step;
  const double tile_bytes = gathers ? static_cast<double>(tile_floats() * sizeof(float))
                                    : 4.0 * variant_->mr * columns_.src_step * static_cast<double>(src.c);
  const int64_t most_tiles = std::clamp<int64_t>(
      static_cast<int64_t>(static_cast<double>(second_level_cache_bytes()) / 2 / tile_bytes), 1, kMostTiles);
  const Cut cut = cut_work(tiles, most_tiles, panels, tile_bytes * static_cast<double>(tiles),
                           static_cast<double>(packed_bytes()), threads);
  const size_t per_worker = scratch_floats(1);
  parallel_for(cut.blocks * cut.groups, threads, [&](int64_t task, int worker) {
    const int64_t block = task % cut.blocks, group = task / cut.blocks;
    run_tiles(lines, piece_begin(tiles, cut.blocks, block), piece_begin(tiles, cut.blocks, block + 1),
              static_cast<int>(piece_begin(panels, cut.groups, group)),
              static_cast<int>(piece_begin(panels, cut.groups, group + 1)),
              scratch + static_cast<size_t>(worker) * per_worker);
  });
}

TapConv::Tile TapConv::place(const Lines& lines, int64_t index, int group) const {
  const int64_t line = index / lines.tiles, tile = index % lines.tiles;
  const int64_t first = piece_begin(lines.length, lines.tiles, tile);
  const int m = static_cast<int>(piece_begin(lines.length, lines.tiles, tile + 1) - first);
  const View<const float>&src = lines.maps.src, &residual = lines.maps.residual;
  const View<float>& dst = lines.maps.dst;
  Tile placed{nullptr, 0, true, m, 0, 0, 0, nullptr, nullptr};
  if (lines.flat) {
    const int64_t area = dst.whole().area(), image = line + first / area, pixel = first % area;
    placed.image = static_cast<int>(image);
    placed.qy = static_cast<int>(pixel / dst.w);
    placed.qx = static_cast<int>(pixel % dst.w);
    placed.gathered = !lines.in_step;
    if (lines.in_step) {
      placed.src = src.at(placed.image, placed.qy, placed.qx) + group * icg_;
      placed.src_step = src.pixel_stride;
    }
  } else {
    placed.image = static_cast<int>(line / lines.grid.h());
    placed.qy = lines.grid.y0 + static_cast<int>(line % lines.grid.h());
    placed.qx = lines.grid.x0 + static_cast<int>(first);
    placed.gathered = !rows_.inside(placed.qy, 1, src.h) || !columns_.inside(placed.qx, m, src.w);
    if (!placed.gathered) {
      placed.src = src.at(placed.image, placed.qy * rows_.src_step + rows_.src_start,
                          placed.qx * columns_.src_step + columns_.src_start) +
                   group * icg_;
      placed.src_step = columns_.src_step * src.pixel_stride;
    }
  }
  const int y = placed.qy * rows_.dst_step + rows_.dst_start;
  const int x = placed.qx * columns_.dst_step + columns_.dst_start;
  placed.dst = dst.at(placed.image, y, x);
  if (residual.data != nullptr) placed.residual = residual.at(placed.image, y, x);
  return placed;
}

// Copies the inputs of a tile's outputs to rows of k floats, zeros where they lie outside the map. The
// outputs of a flat line go on in the next row and in the next image.
void TapConv::gather(const Lines& lines, const Tile& tile, int group, float* rows) const {
  const View<const float>& src = lines.maps.src;
  const size_t run = static_cast<size_t>(icg_) * sizeof(float);
  int image = tile.image, qy = tile.qy, qx = tile.qx;
  for (int i = 0; i < tile.m; ++i) {
    const int iy0 = qy * rows_.src_step + rows_.src_start, ix0 = qx * columns_.src_step + columns_.src_start;
    const bool inside = columns_.inside(qx, 1, src.w);
    for (int r = 0; r < rows_.taps; ++r) {
      const int iy = iy0 + r * rows_.dilation;
      const size_t row_floats = static_cast<size_t>(columns_.taps) * static_cast<size_t>(icg_);
      if (iy < 0 || iy >= src.h) {
        std::memset(rows, 0, row_floats * sizeof(float));
        rows += row_floats;
      } else if (inside && lines.merged) {
        std::memcpy(rows, src.at(image, iy, ix0), row_floats * sizeof(float));
        rows += row_floats;
      } else {
        for (int s = 0; s < columns_.taps; ++s, rows += icg_) {
          const int ix = ix0 + s * columns_.dilation;
          if (ix < 0 || ix >= src.w) {
            std::memset(rows, 0, run);
          } else {
            std::memcpy(rows, src.at(image, iy, ix) + group * icg_, run);
          }
        }
      }
    }
    if (!lines.flat) {
      ++qx;
    } else if (++qx == lines.maps.dst.w) {
      qx = 0;
      if (++qy == lines.maps.dst.h) qy = 0, ++image;
    }
  }
}

// One panel for some tiles. A panel too large to stay beside the tiles' inputs passes over them in pieces of
// its depth; the sums so far wait meanwhile, which changes no bit. `more`: another panel follows.
void TapConv::run_panel(const Lines& lines, std::span<const Tile> tiles, int group, int own, bool more,
                        bool asks) const {
  constexpr int64_t kNoOffset[] = {0};
  alignas(kAlignment) float sums[kDeepTiles * kMostTileRows * kMostTileColumns];
  const GemmPanels& panels = groups_[static_cast<size_t>(group)];
  const int k = panels.k(), width = panels.width(own), depth = deep() ? lines.depth : k;
  const int channel = group * groups_.front().n() + panels.first_column(own);
  const int64_t dst_step = columns_.dst_step * lines.maps.dst.pixel_stride;
  const int64_t residual_step = columns_.dst_step * lines.maps.residual.pixel_stride;
  // What comes next comes from far away: every step of every tile asks for its share, in even measure.
  const auto count = static_cast<int64_t>(tiles.size());
  const int64_t row_bytes = int64_t{4} * width;
  const int64_t ahead_step = std::min(static_cast<int64_t>(kAlignment), divide_up(row_bytes, count));
  // So do the inputs of the next tile, for the first panel that needs them.
  const int64_t src_step =
      divide_up(int64_t{4} * variant_->mr * columns_.src_step * lines.maps.src.pixel_stride, lines.run);
  for (int begin = 0; begin < k; begin += depth) {
    const int steps = std::min(depth, k - begin);
    const bool last = begin + steps == k;
    const unsigned char* ahead = last && !more ? nullptr : panels.bytes_of(own) + (begin + steps) * row_bytes;
    float* waiting = sums;
    for (size_t i = 0; i < tiles.size(); ++i) {
      const Tile& tile = tiles[i];
      GemmTileArgs args{tile.src,
                        tile.src_step,
                        lines.taps,
                        lines.tap_count,
                        lines.run,
                        panels.weights(own) + static_cast<int64_t>(begin) * width,
                        width,
                        panels.bias(own),
                        tile.dst + channel,
                        dst_step,
                        tile.residual == nullptr ? nullptr : tile.residual + channel,
                        residual_step,
                        tile.m,
                        panels.columns(own),
                        lines.maps.epilogue,
                        nullptr,
                        0,
                        ahead,
                        ahead_step};
      if (tile.gathered || lines.tap_count == 1) {
        args.src += begin;
        if (tile.gathered) args.taps = kNoOffset;
        args.tap_count = 1, args.run = steps;
      } else {
        args.taps += begin / lines.run;
        args.tap_count = steps / lines.run;
      }
      if (asks && !tile.gathered && i + 1 < tiles.size() && !tiles[i + 1].gathered) {
        args.ahead = reinterpret_cast<const unsigned char*>(tiles[i + 1].src);
        args.ahead_step = std::min<int64_t>(kAlignment, src_step);
        args.ahead_by_taps = true;
      }
      if (begin > 0) args.sums = waiting, args.sums_step = kMostTileColumns;
      if (!last) {
        args.dst = waiting, args.dst_step = kMostTileColumns, args.n = width;
        args.residual = nullptr, args.epilogue = {};
      }
      variant_->tile(args);
      waiting += kMostTileRows * kMostTileColumns;
      if (ahead != nullptr) ahead += steps * ahead_step;
    }
  }
}

void TapConv::run_tiles(const Lines& lines, int64_t first, int64_t behind, int first_panel, int behind_panel,
                        float* scratch) const {
  const int most_gathered = lines.flat ? gathered_tiles() : std::min(kGatheredTiles, gathered_tiles());
  const int panels_a_group = groups_.front().count(), most_tiles = deep() ? kDeepTiles : kMostTiles;
  Tile tiles[kMostTiles];
  while (first < behind) {
    int count = 0;
    for (int panel = first_panel; panel < behind_panel;) {
      // Tiles lie at other channels of src for every group, so all is placed and gathered anew.
      const int group = panel / panels_a_group;
      const int group_end = std::min(behind_panel, (group + 1) * panels_a_group);
      int gathered = 0;
      for (count = 0; count < most_tiles && first + count < behind; ++count) {
        Tile tile = place(lines, first + count, group);
        if (tile.gathered) {
          if (gathered == most_gathered) break;
          float* rows = scratch + static_cast<size_t>(gathered++) * tile_floats();
          gather(lines, tile, group, rows);
          tile.src = rows;
          tile.src_step = k();
        }
        tiles[count] = tile;
      }
      for (; panel < group_end; ++panel) {
        run_panel(lines, {tiles, static_cast<size_t>(count)}, group, panel % panels_a_group,
                  panel + 1 < group_end, panel == first_panel && !deep() && k() >= kAskDepth);
      }
    }
    first += count;
  }
}

}  // namespace ink
