#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/base/caches.h"
#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/reduced/reduced.h"

// The outputs of the region are numbered row by row, image by image, and cut into blocks whose converted
// inputs fill a part of the second-level cache while panel after panel of weights passes over them. A piece
// is some panels of one block; a thread keeps its block from piece to piece.

namespace ink {
namespace {

constexpr int kMostTaps = 1024;
constexpr int kMostDepth = 1 << 17;   // sums of products of up to 127 * 127 stay below 2^31
constexpr int kMostRows = 512;        // of a block
constexpr int64_t kMostShared = 256;  // blocks of which each may be in several pieces

struct Cut {
  int64_t blocks, groups;
};

// Blocks times groups of panels: what a thread has for itself. A block is gathered by each thread that works
// at it, a window with more effort than a row; a group of panels is read by each.
Cut cut_work(const ConvParams& params, int64_t tiles, int64_t least_blocks, int64_t outputs, int64_t panels,
             int threads) {
  constexpr int64_t kPiecesPerThread = 4;
  const int64_t wanted = threads == 1 ? 1 : threads * kPiecesPerThread;
  if (least_blocks >= wanted || least_blocks > kMostShared) return {least_blocks, 1};
  const double effort = params.kh * params.kw > 1 ? 4 : 1;
  const auto ideal = std::llround(std::sqrt(effort * threads * static_cast<double>(outputs) / params.oc));
  const int64_t most = std::max(least_blocks, std::min({tiles, wanted, kMostShared}));
  const int64_t blocks = std::clamp<int64_t>(ideal, least_blocks, most);
  return {blocks, std::clamp<int64_t>(divide_up(wanted, blocks), 1, panels)};
}

size_t floats_for(int64_t bytes) { return align_up(static_cast<size_t>(bytes)) / sizeof(float); }

}  // namespace

struct ReducedConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
  Rect region;

  int64_t outputs() const { return dst.n * region.area(); }
};

// Outputs [first, first + count) and their inputs, in a worker's scratch.
struct ReducedConv::Block {
  std::byte* rows;
  std::byte* sums;
  float* scales;
  float** dst;
  const float** residual;
  int64_t first = -1;
  int count = 0;
};

const char* ReducedConv::declines(const ConvParams& params) {
  if (params.groups != 1) return "more than one group";
  const int64_t taps = static_cast<int64_t>(params.kh) * params.kw;
  if (taps > kMostTaps) return "too large a kernel";
  if (taps * params.ic > kMostDepth) return "too deep for sums of 32 bits";
  return nullptr;
}

ReducedConv::ReducedConv(const ConvParams& params, ReducedPanels panels)
    : params_(params), panels_(std::move(panels)) {
  INK_CHECK(declines(params) == nullptr);
  constexpr int64_t kLine = 64, kSet = 4096;
  row_bytes_ = align_up(static_cast<size_t>(panels_.groups() * ReducedPanels::kGroupBytes));
  // Rows a power of two apart would meet in few sets of the first-level cache.
  if (row_bytes_ % kSet == 0) row_bytes_ += kLine;
  const int64_t mr = panels_.variant().mr;
  const int64_t rows = std::clamp<int64_t>(second_level_cache_bytes() / 2 / row_bytes_, 1, kMostRows);
  block_rows_ = static_cast<int>(divide_up(rows, mr) * mr);
}

ReducedConv::ReducedConv(const ReducedVariant& variant, const ConvParams& params, const ConvWeights& weights,
                         const float* bias)
    : ReducedConv(params, [&] {
        const int64_t area = static_cast<int64_t>(params.kh) * params.kw, k = area * params.ic;
        const ConvWeights::Steps steps = weights.steps(params.ic, params.oc, area);
        ReducedPanels panels(variant, static_cast<int>(k), params.oc);
        panels.pack(0, params.oc, [&](int column, int size, float* rows) {
          for (int64_t tap = 0; tap < area; ++tap) {
            for (int64_t i = 0; i < params.ic; ++i) {
              const float* src = weights.data + column * steps.oc + i * steps.ic + tap * steps.tap;
              float* dst = rows + tap * params.ic + i;
              for (int j = 0; j < size; ++j) dst[j * k] = weights.scaled(src[j * steps.oc], column + j);
            }
          }
        });
        if (bias != nullptr) std::copy_n(bias, params.oc, panels.bias());
        return panels;
      }()) {}

size_t ReducedConv::scratch_floats(int threads) const {
  const int64_t rows = block_rows_, nr = panels_.variant().nr;
  const size_t each = floats_for(rows * row_bytes_ + 64) + floats_for(rows * nr * 4) + floats_for(rows * 4) +
                      2 * floats_for(rows * static_cast<int64_t>(sizeof(float*)));
  return each * static_cast<size_t>(threads);
}

// Converts the inputs of outputs [first, behind).
void ReducedConv::gather(const Maps& maps, Block& block, int64_t first, int64_t behind) const {
  const ConvParams& p = params_;
  const View<const float>& src = maps.src;
  const int64_t width = maps.region.w(), area = maps.region.area();
  const bool merged = src.gapless() && p.dw == 1;
  ReducedPiece pieces[kMostTaps * 3];
  block.first = first;
  block.count = static_cast<int>(behind - first);
  for (int i = 0; i < block.count; ++i) {
    const int64_t pixel = (first + i) % area;
    const int image = static_cast<int>((first + i) / area);
    const int y = maps.region.y0 + static_cast<int>(pixel / width);
    const int x = maps.region.x0 + static_cast<int>(pixel % width);
    const int iy0 = y * p.sh - p.pad_top, ix0 = x * p.sw - p.pad_left;
    int count = 0;
    const auto add = [&](const float* data, int64_t floats) {
      if (floats > 0) pieces[count++] = {data, floats};
    };
    for (int r = 0; r < p.kh; ++r) {
      const int iy = iy0 + r * p.dh;
      if (iy < 0 || iy >= src.h) {
        add(nullptr, static_cast<int64_t>(p.kw) * p.ic);
      } else if (merged) {
        const int before = std::clamp(-ix0, 0, p.kw), inside = std::clamp(src.w - ix0, before, p.kw) - before;
        add(nullptr, static_cast<int64_t>(before) * p.ic);
        if (inside > 0) add(src.at(image, iy, ix0 + before), static_cast<int64_t>(inside) * p.ic);
        add(nullptr, static_cast<int64_t>(p.kw - before - inside) * p.ic);
      } else {
        for (int s = 0; s < p.kw; ++s) {
          const int ix = ix0 + s * p.dw;
          add(ix < 0 || ix >= src.w ? nullptr : src.at(image, iy, ix), p.ic);
        }
      }
    }
    block.scales[i] = panels_.variant().row({pieces, count, block.rows + i * row_bytes_, panels_.groups()});
    block.dst[i] = maps.dst.at(image, y, x);
    if (maps.residual.data != nullptr) block.residual[i] = maps.residual.at(image, y, x);
  }
}

void ReducedConv::multiply(const Maps& maps, const Block& block, int panel) const {
  const ReducedVariant& variant = panels_.variant();
  const int64_t row_groups = variant.nr * ReducedPanels::kGroupBytes;
  const int64_t depth = variant.most_groups == 0 ? panels_.groups() : variant.most_groups;
  for (int64_t g = 0; g < panels_.groups(); g += depth) {
    for (int i = 0; i < block.count; i += variant.mr) {
      variant.tile({block.rows + i * row_bytes_ + g * ReducedPanels::kGroupBytes, row_bytes_,
                    panels_.panel(panel) + g * row_groups, panels_.start(panel),
                    std::min(depth, panels_.groups() - g), std::min(variant.mr, block.count - i), g > 0,
                    block.sums + i * row_groups});
    }
  }
  variant.finish(
      {block.sums, variant.nr, variant.precision == Precision::int8, block.scales, panels_.scales(panel),
       panels_.bias(panel), block.dst, maps.residual.data == nullptr ? nullptr : block.residual,
       static_cast<int64_t>(panel) * variant.nr, block.count, panels_.columns(panel), maps.epilogue});
}

void ReducedConv::run(View<const float> src, View<float> dst, View<const float> residual,
                      const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  const Maps maps{src, residual, dst, epilogue, region};
  if (region.empty() || maps.outputs() == 0) return;
  const int64_t outputs = maps.outputs(), panels = panels_.count();
  const int64_t mr = panels_.variant().mr, tiles = divide_up(outputs, mr);
  const Cut cut = cut_work(params_, tiles, divide_up(tiles, block_rows_ / mr), outputs, panels, threads);
  const auto part = [](int64_t size, int64_t parts, int64_t index) { return size * index / parts; };
  const int64_t rows = block_rows_, nr = panels_.variant().nr;
  const size_t per_worker = scratch_floats(1);

  // How many pieces of each block are claimed; of the blocks where each is one piece.
  std::atomic<int> claimed[kMostShared] = {};
  std::atomic<int64_t> claimed_blocks{0};
  parallel_for(std::min<int64_t>(threads, cut.blocks * cut.groups), threads, [&](int64_t task, int worker) {
    float* own = scratch + static_cast<size_t>(worker) * per_worker;
    const auto take = [&](int64_t bytes) { return std::exchange(own, own + floats_for(bytes)); };
    Block block{};
    block.rows = reinterpret_cast<std::byte*>(take(rows * row_bytes_ + 64));
    block.sums = reinterpret_cast<std::byte*>(take(rows * nr * 4));
    block.scales = take(rows * 4);
    block.dst = reinterpret_cast<float**>(take(rows * static_cast<int64_t>(sizeof(float*))));
    block.residual = reinterpret_cast<const float**>(take(rows * static_cast<int64_t>(sizeof(float*))));
    block.first = -1;
    const auto run_piece = [&](int64_t index, int64_t group) {
      const int64_t first = part(tiles, cut.blocks, index) * mr;
      const int64_t behind = std::min(outputs, part(tiles, cut.blocks, index + 1) * mr);
      if (block.first != first) gather(maps, block, first, behind);
      const int64_t end = part(panels, cut.groups, group + 1);
      for (int64_t panel = part(panels, cut.groups, group); panel < end; ++panel) {
        multiply(maps, block, static_cast<int>(panel));
      }
    };
    if (cut.groups == 1) {
      for (;;) {
        const int64_t index = claimed_blocks.fetch_add(1, std::memory_order_relaxed);
        if (index >= cut.blocks) return;
        run_piece(index, 0);
      }
    }
    // Each thread begins with a block of its own, and helps with the others when that is done.
    for (int64_t step = 0; step < cut.blocks; ++step) {
      const int64_t index = (task * cut.blocks / threads + step) % cut.blocks;
      for (;;) {
        const int group = claimed[index].fetch_add(1, std::memory_order_relaxed);
        if (group >= cut.groups) break;
        run_piece(index, group);
      }
    }
  });
}

}  // namespace ink
