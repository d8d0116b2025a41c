#include "kernels/conv/winograd.h"

#include <algorithm>

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
constexpr double kWeights[6][3] = {{1.0 / 4, 0, 0},
                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                   {0, 0, 1}};
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

int divide_up(int a, int b) { return (a + b - 1) / b; }

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

WinogradConv::WinogradConv(const WinogradVariant& variant, const GemmVariant& gemm, const ConvParams& params,
                           const float* weights, const float* bias)
    : variant_(&variant), gemm_(&gemm), params_(params), bias_(static_cast<size_t>(params.oc)) {
  INK_CHECK(winograd_declines(params) == nullptr);
  // Transformed inputs and sums of a block should stay in a second-level cache of half a megabyte or more.
  constexpr int64_t kBlockBytes = 384 * 1024;
  constexpr int64_t kMostGemmTiles = 4;
  const int64_t gemm_tile_bytes = int64_t{kWinogradPoints} * gemm.mr * (params.ic + params.oc) * 4;
  block_tiles_ =
      gemm.mr * static_cast<int>(std::clamp<int64_t>(kBlockBytes / gemm_tile_bytes, 1, kMostGemmTiles));

  const int64_t pairs = static_cast<int64_t>(params.oc) * params.ic;
  AlignedBuffer<float> transformed(static_cast<size_t>(kWinogradPoints * pairs));
  for (int64_t pair = 0; pair < pairs; ++pair) {
    double g[3][3], u[6][6];
    for (int i = 0; i < 9; ++i) g[i / 3][i % 3] = weights[pair * 9 + i];
    sandwich(kWeights, g, u);
    for (int p = 0; p < kWinogradPoints; ++p)
      transformed[static_cast<size_t>(p * pairs + pair)] = static_cast<float>(u[p / 6][p % 6]);
  }
  for (int p = 0; p < kWinogradPoints; ++p) {
    points_.emplace_back(gemm, params.ic, params.oc, transformed.data() + p * pairs, 1, params.ic, nullptr);
  }
  for (int c = 0; c < params.oc; ++c) bias_[static_cast<size_t>(c)] = bias == nullptr ? 0.0f : bias[c];
}

size_t WinogradConv::scratch_floats(int threads) const {
  const size_t per_tile = static_cast<size_t>(kWinogradPoints) * static_cast<size_t>(params_.ic + params_.oc);
  return align_up(per_tile * static_cast<size_t>(block_tiles_), kAlignment / sizeof(float)) *
         static_cast<size_t>(threads);
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
};

void WinogradConv::run(View<const float> src, View<float> dst, View<const float> residual,
                       const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  INK_CHECK(region.y0 % kWinogradTile == 0 && region.x0 % kWinogradTile == 0);
  if (region.h() <= 0 || region.w() <= 0) return;
  const Maps maps{src, residual, dst, epilogue, region, divide_up(region.w(), kWinogradTile)};
  const int64_t tiles = static_cast<int64_t>(divide_up(region.h(), kWinogradTile)) * maps.tiles_x;
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

void WinogradConv::run_block(const Maps& maps, int image, int64_t first_tile, int tiles,
                             float* scratch) const {
  const int ic = params_.ic, oc = params_.oc;
  float* inputs = scratch;                                                     // (36, tiles, ic)
  float* sums = scratch + static_cast<int64_t>(kWinogradPoints) * tiles * ic;  // (36, tiles, oc)
  const auto origin = [&](int64_t tile, int& y, int& x) {
    y = maps.region.y0 + static_cast<int>(tile / maps.tiles_x) * kWinogradTile;
    x = maps.region.x0 + static_cast<int>(tile % maps.tiles_x) * kWinogradTile;
  };
  for (int t = 0; t < tiles; ++t) {
    int y = 0, x = 0;
    origin(first_tile + t, y, x);
    const int iy = y - params_.pad_top, ix = x - params_.pad_left;
    const auto held = [](int i) { return std::clamp(i, 0, kWinogradInput); };
    variant_->input({maps.src.at(image, iy, ix), maps.src.row_stride, maps.src.pixel_stride, held(-iy),
                     held(maps.src.h - iy), held(-ix), held(maps.src.w - ix),
                     inputs + static_cast<int64_t>(t) * ic, static_cast<int64_t>(tiles) * ic, ic});
  }
  constexpr int64_t kNoOffset[] = {0};
  for (int p = 0; p < kWinogradPoints; ++p) {
    const GemmPanels& point = points_[static_cast<size_t>(p)];
    const float* src = inputs + static_cast<int64_t>(p) * tiles * ic;
    float* dst = sums + static_cast<int64_t>(p) * tiles * oc;
    for (int panel = 0; panel < point.count(); ++panel) {
      for (int t = 0; t < tiles; t += gemm_->mr) {
        gemm_->tile({src + static_cast<int64_t>(t) * ic, ic, kNoOffset, 1, ic, point.weights(panel),
                     point.width(panel), point.bias(panel),
                     dst + static_cast<int64_t>(t) * oc + point.first_column(panel), oc, nullptr, 0,
                     std::min(gemm_->mr, tiles - t), point.columns(panel), Epilogue{}});
      }
    }
  }
  for (int t = 0; t < tiles; ++t) {
    int y = 0, x = 0;
    origin(first_tile + t, y, x);
    const float* residual = maps.residual.data == nullptr ? nullptr : maps.residual.at(image, y, x);
    variant_->output({sums + static_cast<int64_t>(t) * oc, static_cast<int64_t>(tiles) * oc,
                      maps.dst.at(image, y, x), maps.dst.row_stride, maps.dst.pixel_stride,
                      std::min(kWinogradTile, maps.region.y1 - y),
                      std::min(kWinogradTile, maps.region.x1 - x), bias_.data(), residual,
                      maps.residual.row_stride, maps.residual.pixel_stride, oc, maps.epilogue});
  }
}

}  // namespace ink
