#include "kernels/conv/winograd.h"

#include <algorithm>

#include "kernels/base/caches.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr WinogradVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "winograd4_avx512", winograd_input_avx512, winograd_output_avx512},
    {Isa::avx2, "winograd4_avx2", winograd_input_avx2, winograd_output_avx2},
    {Isa::sse42, "winograd4_sse42", winograd_input_sse42, winograd_output_sse42},
#endif
    {Isa::reference, "winograd4_reference", winograd_input_reference, winograd_output_reference},
};

constexpr double kInput[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                 {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
constexpr double kOutput[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};

// result = left * middle * left^T with left (rows x inner) and middle (inner x inner).
template <int kRows, int kInner>
void sandwich(const double (&left)[kRows][kInner], const double (&middle)[kInner][kInner],
              double (&result)[kRows][kRows]) {
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kRows; ++j) {
      result[i][j] = 0;
      for (int a = 0; a < kInner; ++a) {
        for (int b = 0; b < kInner; ++b) result[i][j] += left[i][a] * middle[a][b] * left[j][b];
      }
    }
  }
}

// Output channels whose weights are transformed side by side.
constexpr int kLanes = 8;
using Lanes = double[kLanes];

// One column of G g with what the rows of G share computed once:
// G = ((1/4, 0, 0), (-1/6, -1/6, -1/6), (-1/6, 1/6, -1/6), (1/24, 1/12, 1/6), (1/24, -1/12, 1/6), (0, 0, 1)).
void transform_column(const Lanes& g0, const Lanes& g1, const Lanes& g2, Lanes (&u)[6]) {
  for (int l = 0; l < kLanes; ++l) {
    const double ends = (g0[l] + g2[l]) * (-1.0 / 6), middle = g1[l] * (1.0 / 6);
    const double wide = g0[l] * (1.0 / 24) + g2[l] * (1.0 / 6), narrow = g1[l] * (1.0 / 12);
    u[0][l] = g0[l] * 0.25;
    u[1][l] = ends - middle;
    u[2][l] = ends + middle;
    u[3][l] = wide + narrow;
    u[4][l] = wide - narrow;
    u[5][l] = g2[l];
  }
}

// The weights to a matrix (ic, oc) for each of the 36 points.
void transform_weights(const ConvWeights& weights, int ic, int oc, std::span<GemmPanels> points) {
  const GemmPanels& shape = points.front();
  const ConvWeights::Steps steps = weights.steps(ic, oc, 9);
  for (int panel = 0; panel < shape.count(); ++panel) {
    const int first = shape.first_column(panel), columns = shape.columns(panel);
    const int64_t width = shape.width(panel);
    for (int o = 0; o < columns; o += kLanes) {
      const int lanes = std::min(kLanes, columns - o);
      for (int i = 0; i < ic; ++i) {
        Lanes g[9] = {}, rows[3][6], point[6];
        for (int l = 0; l < lanes; ++l) {
          const int channel = first + o + l;
          const float* const kernel = weights.data + channel * steps.oc + i * steps.ic;
          for (int k = 0; k < 9; ++k) g[k][l] = weights.scaled(kernel[k * steps.tap], channel);
        }
        for (int x = 0; x < 3; ++x) transform_column(g[x], g[3 + x], g[6 + x], rows[x]);
        for (int y = 0; y < 6; ++y) {
          transform_column(rows[0][y], rows[1][y], rows[2][y], point);
          for (int x = 0; x < 6; ++x) {
            float* const to = points[static_cast<size_t>(y * 6 + x)].mutable_weights(panel) + i * width + o;
            for (int l = 0; l < lanes; ++l) to[l] = static_cast<float>(point[x][l]);
          }
        }
      }
    }
  }
}

// Maps of at most so many tiles in all are transformed whole before they are multiplied.
constexpr int64_t kWholeTiles = 96;

int divide_up(int a, int b) { return (a + b - 1) / b; }

// From one point's matrix to the next: an odd number of cache lines, so that the 36 lines that a transform
// reads or writes at once fall into different sets of the first-level cache.
int64_t point_stride(int64_t floats) {
  constexpr int64_t kLine = kAlignment / sizeof(float);
  return ((floats + kLine - 1) / kLine | 1) * kLine;
}

}  // namespace

void winograd_input_reference(const WinogradInput& args) {
  for (int c = 0; c < args.channels; ++c) {
    double d[6][6] = {}, v[6][6];
    for (int y = args.y0; y < args.y1; ++y) {
      for (int x = args.x0; x < args.x1; ++x)
        d[y][x] = args.src[y * args.row_stride + x * args.pixel_stride + c];
    }
    sandwich(kInput, d, v);
    for (int p = 0; p < kWinogradPoints; ++p)
      args.dst[p * args.dst_stride + c] = static_cast<float>(v[p / 6][p % 6]);
  }
}

void winograd_output_reference(const WinogradOutput& args) {
  for (int c = 0; c < args.channels; ++c) {
    double m[6][6], result[4][4];
    for (int p = 0; p < kWinogradPoints; ++p) m[p / 6][p % 6] = args.src[p * args.src_stride + c];
    sandwich(kOutput, m, result);
    for (int y = 0; y < args.rows; ++y) {
      for (int x = 0; x < args.columns; ++x) {
        float residual = 0;
        if (args.residual != nullptr) {
          residual = args.residual[y * args.residual_row_stride + x * args.residual_pixel_stride + c];
        }
        const float value = static_cast<float>(result[y][x] + args.bias[c]);
        args.dst[y * args.row_stride + x * args.pixel_stride + c] =
            args.epilogue.residual_first
                ? activate(value + residual, args.epilogue.activation, args.epilogue.slope)
                : activate(value, args.epilogue.activation, args.epilogue.slope) + residual;
      }
    }
  }
}

std::span<const WinogradVariant> winograd_variants() { return kVariants; }

const WinogradVariant& choose_winograd(Isa limit) { return best_variant(winograd_variants(), limit); }

const char* winograd_declines(const ConvParams& params) {
  if (params.kh != 3 || params.kw != 3) return "kernel is not 3x3";
  if (params.sh != 1 || params.sw != 1) return "stride is not 1";
  if (params.dh != 1 || params.dw != 1) return "dilation is not 1";
  if (params.groups != 1) return "groups";
  // The transforms cost as much a channel whatever the other side is; below 16 they outweigh what they save.
  if (params.ic < 16) return "fewer than 16 input channels";
  if (params.oc < 16) return "fewer than 16 output channels";
  return nullptr;
}

int64_t winograd_tiles(int h, int w) {
  return static_cast<int64_t>(divide_up(h, kWinogradTile)) * divide_up(w, kWinogradTile);
}

const char* winograd_declines_map(int h, int w) {
  constexpr int kFewestTiles = 12;
  return winograd_tiles(h, w) < kFewestTiles ? "fewer than 12 tiles" : nullptr;
}

WinogradConv::WinogradConv(const WinogradVariant& variant, const GemmVariant& gemm, const ConvParams& params,
                           const ConvWeights& weights, const float* bias)
    : variant_(&variant), gemm_(&gemm), params_(params), bias_(static_cast<size_t>(params.oc)) {
  INK_CHECK(winograd_declines(params) == nullptr);
  // Transformed inputs and sums of a block stay in the second-level cache beside the weights that pass
  // through it; a block has as many tiles as it takes to read weights seldom. Output channels come group by
  // group, so that many channels leave room for many tiles.
  constexpr int kGroupChannels = 64, kMostTiles = 30;
  group_panels_ = std::max(1, kGroupChannels / gemm.nr);
  group_channels_ = std::min(params.oc, group_panels_ * gemm.nr);
  const int64_t tile_bytes = int64_t{kWinogradPoints} * (params.ic + group_channels_) * 4;
  const int64_t tiles = std::min<int64_t>(second_level_cache_bytes() * 3 / 4 / tile_bytes, kMostTiles);
  block_tiles_ = std::max(1, static_cast<int>(tiles) / gemm.mr) * gemm.mr;

  for (int p = 0; p < kWinogradPoints; ++p) points_.emplace_back(gemm, params.ic, params.oc);
  transform_weights(weights, params.ic, params.oc, points_);
  for (int c = 0; c < params.oc; ++c) bias_[static_cast<size_t>(c)] = bias == nullptr ? 0.0f : bias[c];
}

size_t WinogradConv::scratch_floats(int threads) const {
  const auto floats = [&](int channels) {
    return kWinogradPoints * point_stride(static_cast<int64_t>(block_tiles_) * channels);
  };
  return static_cast<size_t>(floats(params_.ic) + floats(group_channels_)) * static_cast<size_t>(threads);
}

size_t WinogradConv::scratch_floats(int threads, int n, int h, int w) const {
  const int64_t tiles = winograd_tiles(h, w) * n;
  if (tiles > kWholeTiles) return scratch_floats(threads);
  const int64_t whole =
      kWinogradPoints * (point_stride(tiles * params_.ic) + point_stride(tiles * params_.oc));
  return std::max(scratch_floats(threads), static_cast<size_t>(whole));
}

size_t WinogradConv::packed_bytes() const {
  size_t bytes = bias_.size() * sizeof(float);
  for (const GemmPanels& point : points_) bytes += point.bytes();
  return bytes;
}

struct WinogradConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
  Rect region;
  int tiles_x;  // tiles a row of the region

  Rect tile(int64_t index) const;
};

void WinogradConv::run(View<const float> src, View<float> dst, View<const float> residual,
                       const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  INK_CHECK(region.y0 % kWinogradTile == 0 && region.x0 % kWinogradTile == 0);
  if (region.h() <= 0 || region.w() <= 0) return;
  const Maps maps{src, residual, dst, epilogue, region, divide_up(region.w(), kWinogradTile)};
  const int64_t tiles = static_cast<int64_t>(divide_up(region.h(), kWinogradTile)) * maps.tiles_x;
  if (winograd_tiles(dst.h, dst.w) * dst.n <= kWholeTiles) return run_whole(maps, tiles, threads, scratch);
  // A small map is cut finer, so that every thread gets a share.
  int block = block_tiles_;
  while (block > gemm_->mr && tiles * dst.n < static_cast<int64_t>(block) * threads * 4) block -= gemm_->mr;
  const int64_t blocks = (tiles + block - 1) / block;
  const size_t per_worker = scratch_floats(1);
  parallel_for(dst.n * blocks, threads, [&](int64_t task, int worker) {
    const int64_t first = task % blocks * block;
    run_block(maps, static_cast<int>(task / blocks), first,
              static_cast<int>(std::min<int64_t>(block, tiles - first)),
              scratch + static_cast<size_t>(worker) * per_worker);
  });
}

Rect WinogradConv::Maps::tile(int64_t index) const {
  const int y = region.y0 + static_cast<int>(index / tiles_x) * kWinogradTile;
  const int x = region.x0 + static_cast<int>(index % tiles_x) * kWinogradTile;
  return {y, x, std::min(y + kWinogradTile, region.y1), std::min(x + kWinogradTile, region.x1)};
}

void WinogradConv::transform_input(const Maps& maps, int image, int64_t tile, float* dst,
                                   int64_t dst_stride) const {
  const Rect at = maps.tile(tile);
  const int iy = at.y0 - params_.pad_top, ix = at.x0 - params_.pad_left;
  const auto held = [](int i) { return std::clamp(i, 0, kWinogradInput); };
  variant_->input({maps.src.at(image, iy, ix), maps.src.row_stride, maps.src.pixel_stride, held(-iy),
                   held(maps.src.h - iy), held(-ix), held(maps.src.w - ix), dst, dst_stride, params_.ic});
}

void WinogradConv::transform_output(const Maps& maps, int image, int64_t tile, const float* sums,
                                    int64_t sum_stride, int channel, int channels) const {
  const Rect at = maps.tile(tile);
  const float* residual =
      maps.residual.data == nullptr ? nullptr : maps.residual.at(image, at.y0, at.x0) + channel;
  variant_->output({sums, sum_stride, maps.dst.at(image, at.y0, at.x0) + channel, maps.dst.row_stride,
                    maps.dst.pixel_stride, at.h(), at.w(), bias_.data() + channel, residual,
                    maps.residual.row_stride, maps.residual.pixel_stride, channels, maps.epilogue});
}

void WinogradConv::multiply(int point, int panel, const float* inputs, int tiles, float* sums,
                            int64_t sum_step, const float* next) const {
  constexpr int64_t kNoOffset[] = {0};
  constexpr int kLine = kAlignment / sizeof(float);
  const int ic = params_.ic, pieces = divide_up(tiles, gemm_->mr);
  const GemmPanels& weights = points_[static_cast<size_t>(point)];
  for (int piece = 0; piece < pieces; ++piece) {
    const int t = tiles * piece / pieces, behind = tiles * (piece + 1) / pieces;
    gemm_->tile({inputs + static_cast<int64_t>(t) * ic, ic, kNoOffset, 1, ic, weights.weights(panel),
                 weights.width(panel), weights.bias(panel), sums + t * sum_step, sum_step, nullptr, 0,
                 behind - t, weights.columns(panel), Epilogue{}, nullptr, 0,
                 next == nullptr || piece * kLine >= gemm_->nr
                     ? nullptr
                     : reinterpret_cast<const unsigned char*>(next + int64_t{piece} * ic * kLine),
                 kAlignment});
  }
}

void WinogradConv::run_block(const Maps& maps, int image, int64_t first_tile, int tiles,
                             float* scratch) const {
  const int ic = params_.ic, oc = params_.oc;
  float* inputs = scratch;  // (36, tiles, ic)
  const int64_t input_stride = point_stride(static_cast<int64_t>(tiles) * ic),
                sum_stride = point_stride(static_cast<int64_t>(tiles) * group_channels_);
  float* sums = scratch + kWinogradPoints * input_stride;  // (36, tiles, channels of a group)
  for (int t = 0; t < tiles; ++t)
    transform_input(maps, image, first_tile + t, inputs + static_cast<int64_t>(t) * ic, input_stride);
  const int panels = points_.front().count();
  for (int first = 0; first < panels; first += group_panels_) {
    const int behind = std::min(panels, first + group_panels_);
    for (int p = 0; p < kWinogradPoints; ++p) {
      for (int panel = first; panel < behind; ++panel) {
        multiply(p, panel, inputs + p * input_stride, tiles,
                 sums + p * sum_stride + (panel - first) * gemm_->nr, group_channels_, nullptr);
      }
    }
    const int channel = first * gemm_->nr, channels = std::min(oc, behind * gemm_->nr) - channel;
    for (int t = 0; t < tiles; ++t) {
      transform_output(maps, image, first_tile + t, sums + static_cast<int64_t>(t) * group_channels_,
                       sum_stride, channel, channels);
    }
  }
}

// Few tiles: every weight is read once, by one thread, for all of them.
void WinogradConv::run_whole(const Maps& maps, int64_t tiles, int threads, float* scratch) const {
  constexpr int kChannelsPerTask = 64;
  const int ic = params_.ic, oc = params_.oc, panels = points_.front().count();
  const int all = static_cast<int>(tiles) * maps.dst.n, slices = divide_up(oc, kChannelsPerTask);
  const int64_t input_stride = point_stride(static_cast<int64_t>(all) * ic),
                sum_stride = point_stride(static_cast<int64_t>(all) * oc);
  float* inputs = scratch;                                 // (36, images x tiles, ic)
  float* sums = scratch + kWinogradPoints * input_stride;  // (36, images x tiles, oc)
  parallel_for(all, threads, [&](int64_t t, int) {
    transform_input(maps, static_cast<int>(t / tiles), t % tiles, inputs + t * ic, input_stride);
  });
  const int64_t products = static_cast<int64_t>(kWinogradPoints) * panels;
  const auto weights = [&](int64_t product) {
    return points_[static_cast<size_t>(product / panels)].weights(static_cast<int>(product % panels));
  };
  parallel_for_ahead(products, threads, [&](int64_t product, int64_t after) {
    const int p = static_cast<int>(product / panels), panel = static_cast<int>(product % panels);
    multiply(p, panel, inputs + p * input_stride, all, sums + p * sum_stride + panel * gemm_->nr, oc,
             after < products ? weights(after) : nullptr);
  });
  parallel_for(static_cast<int64_t>(all) * slices, threads, [&](int64_t task, int) {
    const int64_t t = task / slices;
    const int channel = static_cast<int>(task % slices) * kChannelsPerTask;
    transform_output(maps, static_cast<int>(t / tiles), t % tiles, sums + t * oc + channel, sum_stride,
                     channel, std::min(kChannelsPerTask, oc - channel));
  });
}

}  // namespace ink
