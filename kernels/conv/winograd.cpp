#include "kernels/conv/winograd.h"

#include <algorithm>

#include "kernels/base/caches.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"
#include "kernels/conv/winograd_weights.h"

namespace ink {
namespace {

constexpr WinogradVariant kVariants2[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "winograd2_avx512", 2, winograd2_kernels_avx512, winograd2_input_avx512,
     winograd2_output_avx512, winograd_product_avx512},
    {Isa::avx2, "winograd2_avx2", 2, winograd2_kernels_avx2, winograd2_input_avx2, winograd2_output_avx2,
     winograd_product_avx2},
    {Isa::sse42, "winograd2_sse42", 2, winograd2_kernels_reference, winograd2_input_sse42,
     winograd2_output_sse42, winograd_product_sse42},
#endif
    {Isa::reference, "winograd2_reference", 2, winograd2_kernels_reference, winograd2_input_reference,
     winograd2_output_reference, nullptr},
};

constexpr WinogradVariant kVariants4[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "winograd4_avx512", 4, winograd4_kernels_avx512, winograd4_input_avx512,
     winograd4_output_avx512, winograd_product_avx512},
    {Isa::avx2, "winograd4_avx2", 4, winograd4_kernels_avx2, winograd4_input_avx2, winograd4_output_avx2,
     winograd_product_avx2},
    {Isa::sse42, "winograd4_sse42", 4, winograd4_kernels_reference, winograd4_input_sse42,
     winograd4_output_sse42, winograd_product_sse42},
#endif
    {Isa::reference, "winograd4_reference", 4, winograd4_kernels_reference, winograd4_input_reference,
     winograd4_output_reference, nullptr},
};

constexpr WinogradVariant kVariants6[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "winograd6_avx512", 6, winograd6_kernels_avx512, winograd6_input_avx512,
     winograd6_output_avx512, winograd_product_avx512},
    {Isa::avx2, "winograd6_avx2", 6, winograd6_kernels_avx2, winograd6_input_avx2, winograd6_output_avx2,
     winograd_product_avx2},
    {Isa::sse42, "winograd6_sse42", 6, winograd6_kernels_reference, winograd6_input_sse42,
     winograd6_output_sse42, winograd_product_sse42},
#endif
    {Isa::reference, "winograd6_reference", 6, winograd6_kernels_reference, winograd6_input_reference,
     winograd6_output_reference, nullptr},
};

// Fewer tiles join the block before them: they would pass over all weights alone.
constexpr int kLeastTiles = 14;

// Maps of at most so many tiles in all are transformed whole before they are multiplied.
constexpr int64_t kWholeTiles = 96;

// From one point's matrix to the next: an odd number of cache lines, so that the lines that a transform
// reads or writes at once fall into different sets of the first-level cache.
int64_t point_stride(int64_t floats) {
  constexpr int64_t kLine = kAlignment / sizeof(float);
  return (divide_up(floats, kLine) | 1) * kLine;
}

}  // namespace

std::span<const WinogradVariant> winograd_variants(int tile) {
  switch (tile) {
    case 2: return kVariants2;
    case 4: return kVariants4;
    default: INK_CHECK(tile == 6); return kVariants6;
  }
}

const WinogradVariant& choose_winograd(Isa limit, int tile) {
  return best_variant(winograd_variants(tile), limit);
}

const char* winograd_declines(const ConvParams& params) {
  if (params.kh != 3 || params.kw != 3) return "kernel is not 3x3";
  if (params.sh != 1 || params.sw != 1) return "stride is not 1";
  if (params.dh != 1 || params.dw != 1) return "dilation is not 1";
  if (params.groups != 1) return "groups";
  // The transforms cost as much a channel whatever the other side is: with fewer they outweigh what they
  // save.
  if (params.ic < 16) return "fewer than 16 input channels";
  if (params.oc < 12) return "fewer than 12 output channels";
  return nullptr;
}

int64_t winograd_tiles(int tile, int h, int w) {
  return static_cast<int64_t>(divide_up(h, tile)) * divide_up(w, tile);
}

const char* winograd_declines_map(int h, int w) {
  constexpr int kFewestTiles = 16;
  return winograd_tiles(2, h, w) < kFewestTiles ? "fewer than 16 tiles of 2x2" : nullptr;
}

int winograd_tile(int h, int w) {
  // Below so many tiles, reading weights costs as much as multiplying by them.
  constexpr int kFewestTiles = 96;
  // A weight comes from memory in the time of so many multiplications.
  constexpr int kReading = 30;
  const auto multiplications = [&](int tile) {
    return static_cast<double>(winograd_tiles(tile, h, w)) * winograd_points(tile);
  };
  if (winograd_tiles(6, h, w) >= kFewestTiles && multiplications(6) < 0.85 * multiplications(4)) return 6;
  const auto cost = [&](int tile) { return multiplications(tile) + kReading * winograd_points(tile); };
  return cost(2) < cost(4) ? 2 : 4;
}

WinogradConv::WinogradConv(const WinogradVariant& variant, const GemmVariant& gemm, const ConvParams& params,
                           const ConvWeights& weights, const float* bias, int interleave)
    : variant_(&variant),
      gemm_(&gemm),
      params_(params),
      weights_(gemm, variant.tile, *variant.kernels, weights, params.ic, params.oc),
      interleave_(interleave),
      bias_(static_cast<size_t>(params.oc)) {
  INK_CHECK(winograd_declines(params) == nullptr && variant.isa == gemm.isa);
  // Transformed inputs and sums of a block stay in the second-level cache beside the weights that pass
  // through it and what the next block has asked for; a block has as many tiles as it takes to read weights
  // seldom, more where this cache does not hold them anyway.
  const bool held = static_cast<int64_t>(weights_.bytes()) <= second_level_cache_bytes();
  const int most_tiles = held ? 18 : 30;
  const int64_t tile_bytes = int64_t{points()} * (params.ic + weights_.group_channels()) * 4;
  const int64_t tiles = std::min<int64_t>(second_level_cache_bytes() * 3 / 4 / tile_bytes, most_tiles);
  block_tiles_ = std::max(1, static_cast<int>(tiles) / gemm.mr) * gemm.mr;
  for (int c = 0; c < params.oc; ++c) bias_[static_cast<size_t>(c)] = bias == nullptr ? 0.0f : bias[c];
}

size_t WinogradConv::scratch_floats(int threads) const {
  const auto floats = [&](int channels) {
    return points() * point_stride(static_cast<int64_t>(block_tiles_ + kLeastTiles - 1) * channels);
  };
  return static_cast<size_t>(floats(params_.ic) + floats(weights_.group_channels())) *
         static_cast<size_t>(threads);
}

size_t WinogradConv::scratch_floats(int threads, int n, int h, int w) const {
  const int64_t tiles = winograd_tiles(grid(), h, w) * n;
  if (tiles > kWholeTiles) return scratch_floats(threads);
  const int64_t whole = points() * (point_stride(tiles * params_.ic) + point_stride(tiles * params_.oc));
  return std::max(scratch_floats(threads), static_cast<size_t>(whole));
}

size_t WinogradConv::packed_bytes() const { return weights_.bytes() + bias_.size() * sizeof(float); }

struct WinogradConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
  Rect region;  // of dst
  Rect q;       // its patches
  int side;     // of a tile
  int tiles_x;  // tiles a row of the region

  Rect tile(int64_t index) const;
};

// Rows of memory that the products of a block ask for, in even measure. The transforms, which read and write
// them next, would wait for every line.
class WinogradConv::Ahead {
 public:
  // What the tiles [first, behind) of an image read and write.
  Ahead(const WinogradConv& conv, const Maps& maps, int image, int64_t first, int64_t behind, int64_t calls);
  Ahead() = default;

  // For the next product, which asks for `steps` cache lines.
  void ask(int steps, const unsigned char*& begin, int64_t& step) {
    if (row_ == rows_) return;
    begin = begin_[row_] + done_;
    step = std::min<int64_t>(kAlignment, divide_up(share_, steps));
    done_ += share_;
    if (done_ >= bytes_[row_]) ++row_, done_ = 0;
  }

 private:
  static constexpr int kMostRows = 48;
  void add(const float* begin, int64_t floats) {
    if (rows_ == kMostRows) return;
    begin_[rows_] = reinterpret_cast<const unsigned char*>(begin);
    bytes_[rows_++] = floats * static_cast<int64_t>(sizeof(float));
  }

  const unsigned char* begin_[kMostRows];
  int64_t bytes_[kMostRows];
  int rows_ = 0, row_ = 0;
  int64_t share_ = 0, done_ = 0;  // bytes
};

void WinogradConv::run(View<const float> src, View<float> dst, View<const float> residual,
                       const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  INK_CHECK(region.y0 % grid() == 0 && region.x0 % grid() == 0);
  if (region.h() <= 0 || region.w() <= 0) return;
  const Rect q{region.y0 / interleave_, region.x0 / interleave_, divide_up(region.y1, interleave_),
               divide_up(region.x1, interleave_)};
  const Maps maps{src, residual, dst, epilogue, region, q, tile(), divide_up(q.w(), tile())};
  const int64_t tiles = static_cast<int64_t>(divide_up(q.h(), tile())) * maps.tiles_x;
  if (winograd_tiles(grid(), dst.h, dst.w) * dst.n <= kWholeTiles)
    return run_whole(maps, tiles, threads, scratch);
  // A small map is cut finer, so that every thread gets a share.
  int block = block_tiles_;
  while (block > gemm_->mr && tiles * dst.n < static_cast<int64_t>(block) * threads * 4) block -= gemm_->mr;
  const int64_t blocks = std::max<int64_t>(1, (tiles + block - kLeastTiles) / block);
  const size_t per_worker = scratch_floats(1);
  const int64_t calls = int64_t{points()} * weights_.panels() * divide_up(block, gemm_->mr);
  parallel_for_ahead(dst.n * blocks, threads, [&](int64_t task, int64_t after, int worker) {
    const auto first = [&](int64_t t) { return t % blocks * block; };
    const auto behind = [&](int64_t t) { return (t + 1) % blocks == 0 ? tiles : first(t) + block; };
    const auto image = [&](int64_t t) { return static_cast<int>(t / blocks); };
    Ahead ahead;
    if (after < dst.n * blocks) ahead = Ahead(*this, maps, image(after), first(after), behind(after), calls);
    run_block(maps, image(task), first(task), static_cast<int>(behind(task) - first(task)), ahead,
              scratch + static_cast<size_t>(worker) * per_worker);
  });
}

WinogradConv::Ahead::Ahead(const WinogradConv& conv, const Maps& maps, int image, int64_t first,
                           int64_t behind, int64_t calls) {
  const View<const float>& src = maps.src;
  for (int64_t tile = first; tile < behind;) {
    const int64_t end = std::min(behind, (tile / maps.tiles_x + 1) * maps.tiles_x);
    const Rect begin = maps.tile(tile);
    const int columns = static_cast<int>(end - tile) * maps.side;
    for (int y = 0; y < maps.side + 2; ++y) {
      add(src.at(image, begin.y0 - conv.params_.pad_top + y, begin.x0 - conv.params_.pad_left),
          (columns + 2) * src.pixel_stride);
    }
    const int step = conv.interleave_;
    for (int y = begin.y0 * step; y < begin.y1 * step; ++y)
      add(maps.dst.at(image, y, begin.x0 * step), columns * step * maps.dst.pixel_stride);
    tile = end;
  }
  int64_t bytes = 0;
  for (int row = 0; row < rows_; ++row) bytes += bytes_[row];
  share_ = divide_up(bytes, std::max<int64_t>(1, calls - rows_));
}

Rect WinogradConv::Maps::tile(int64_t index) const {
  const int y = q.y0 + static_cast<int>(index / tiles_x) * side;
  const int x = q.x0 + static_cast<int>(index % tiles_x) * side;
  return {y, x, std::min(y + side, q.y1), std::min(x + side, q.x1)};
}

void WinogradConv::transform_input(const Maps& maps, int image, int64_t tile, float* dst,
                                   int64_t dst_stride) const {
  const Rect at = maps.tile(tile);
  const int iy = at.y0 - params_.pad_top, ix = at.x0 - params_.pad_left;
  const auto held = [&](int i) { return std::clamp(i, 0, maps.side + 2); };
  variant_->input({maps.src.at(image, iy, ix), maps.src.row_stride, maps.src.pixel_stride, held(-iy),
                   held(maps.src.h - iy), held(-ix), held(maps.src.w - ix), dst, dst_stride, params_.ic});
}

void WinogradConv::transform_output(const Maps& maps, int image, int64_t tile, const float* sums,
                                    int64_t sum_stride, int channel, int channels) const {
  const int pixel_channels = params_.oc / (interleave_ * interleave_);
  for (const int behind = channel + channels; channel < behind;) {
    const int count = std::min(behind - channel, pixel_channels - channel % pixel_channels);
    transform_pixel(maps, image, tile, sums, sum_stride, channel, count);
    channel += count;
    sums += count;
  }
}

void WinogradConv::transform_pixel(const Maps& maps, int image, int64_t tile, const float* sums,
                                   int64_t sum_stride, int channel, int channels) const {
  const int step = interleave_, pixel_channels = params_.oc / (step * step), pixel = channel / pixel_channels;
  const Rect at = maps.tile(tile);
  const int y = at.y0 * step + pixel / step, x = at.x0 * step + pixel % step, c = channel % pixel_channels;
  const int rows = divide_up(std::min(at.y1 * step, maps.region.y1) - y, step);
  const int columns = divide_up(std::min(at.x1 * step, maps.region.x1) - x, step);
  if (rows <= 0 || columns <= 0) return;
  const View<const float>& residual = maps.residual;
  variant_->output({sums, sum_stride, maps.dst.at(image, y, x) + c, step * maps.dst.row_stride,
                    step * maps.dst.pixel_stride, rows, columns, bias_.data() + channel,
                    residual.data == nullptr ? nullptr : residual.at(image, y, x) + c,
                    step * residual.row_stride, step * residual.pixel_stride, channels, maps.epilogue});
}

void WinogradConv::multiply(int point, int panel, const float* inputs, int tiles, float* sums,
                            int64_t sum_step, const float* next, Ahead* ahead) const {
  constexpr int64_t kNoOffset[] = {0};
  constexpr int kLine = kAlignment / sizeof(float);
  const int ic = params_.ic;
  const float* const packed = weights_.panel(point, panel);
  if (weights_.zero(point, panel)) {
    for (int t = 0; t < tiles; ++t) std::fill_n(sums + t * sum_step, weights_.columns(panel), 0.0f);
    return;
  }
  int t = 0;
  if (variant_->product != nullptr && next == nullptr && weights_.columns(panel) == gemm_->nr) {
    for (; t + gemm_->mr <= tiles; t += gemm_->mr) {
      WinogradProduct product{inputs + int64_t{t} * ic, ic, packed, ic, sums + t * sum_step, sum_step};
      if (ahead != nullptr) ahead->ask(ic, product.ahead, product.ahead_step);
      variant_->product(product);
    }
  }
  const int rest = tiles - t, pieces = divide_up(rest, gemm_->mr);
  for (int piece = 0; piece < pieces; ++piece) {
    const int from = t + rest * piece / pieces, behind = t + rest * (piece + 1) / pieces;
    // What lies behind the columns is zero, and storing it is cheaper than sparing it.
    GemmTileArgs args{inputs + int64_t{from} * ic,
                      ic,
                      kNoOffset,
                      1,
                      ic,
                      packed,
                      weights_.width(panel),
                      weights_.zeros(),
                      sums + from * sum_step,
                      sum_step,
                      nullptr,
                      0,
                      behind - from,
                      ahead == nullptr ? weights_.columns(panel) : weights_.width(panel),
                      Epilogue{}};
    if (ahead != nullptr) {
      ahead->ask(ic, args.ahead, args.ahead_step);
    } else if (next != nullptr && piece * kLine < gemm_->nr) {
      args.ahead = reinterpret_cast<const unsigned char*>(next + int64_t{piece} * ic * kLine);
      args.ahead_step = kAlignment;
    }
    gemm_->tile(args);
  }
}

void WinogradConv::run_block(const Maps& maps, int image, int64_t first_tile, int tiles, Ahead ahead,
                             float* scratch) const {
  const int ic = params_.ic, group = weights_.group_channels();
  const int64_t input_stride = point_stride(static_cast<int64_t>(tiles) * ic),
                sum_stride = point_stride(static_cast<int64_t>(tiles) * group);
  float* inputs = scratch;                          // (points, tiles, ic)
  float* sums = scratch + points() * input_stride;  // (points, tiles, channels of a group)
  for (int t = 0; t < tiles; ++t)
    transform_input(maps, image, first_tile + t, inputs + static_cast<int64_t>(t) * ic, input_stride);
  for (int first = 0; first < weights_.panels(); first += weights_.group_panels()) {
    const int behind = std::min(weights_.panels(), first + weights_.group_panels());
    for (int p = 0; p < points(); ++p) {
      for (int panel = first; panel < behind; ++panel) {
        multiply(p, panel, inputs + p * input_stride, tiles,
                 sums + p * sum_stride + (panel - first) * gemm_->nr, group, nullptr, &ahead);
      }
    }
    const int channel = first * gemm_->nr, channels = std::min(params_.oc, behind * gemm_->nr) - channel;
    for (int t = 0; t < tiles; ++t) {
      transform_output(maps, image, first_tile + t, sums + static_cast<int64_t>(t) * group, sum_stride,
                       channel, channels);
    }
  }
}

// Few tiles: every weight is read once, by one thread, for all of them.
void WinogradConv::run_whole(const Maps& maps, int64_t tiles, int threads, float* scratch) const {
  constexpr int kChannelsPerTask = 64;
  const int ic = params_.ic, oc = params_.oc, panels = weights_.panels();
  const int all = static_cast<int>(tiles) * maps.dst.n, slices = divide_up(oc, kChannelsPerTask);
  const int64_t input_stride = point_stride(static_cast<int64_t>(all) * ic),
                sum_stride = point_stride(static_cast<int64_t>(all) * oc);
  float* inputs = scratch;                          // (points, images x tiles, ic)
  float* sums = scratch + points() * input_stride;  // (points, images x tiles, oc)
  parallel_for(all, threads, [&](int64_t t, int) {
    transform_input(maps, static_cast<int>(t / tiles), t % tiles, inputs + t * ic, input_stride);
  });
  const int64_t products = static_cast<int64_t>(points()) * panels;
  const auto weights = [&](int64_t product) {
    return weights_.panel(static_cast<int>(product / panels), static_cast<int>(product % panels));
  };
  parallel_for_ahead(products, threads, [&](int64_t product, int64_t after, int) {
    const int p = static_cast<int>(product / panels), panel = static_cast<int>(product % panels);
    multiply(p, panel, inputs + p * input_stride, all, sums + p * sum_stride + panel * gemm_->nr, oc,
             after < products ? weights(after) : nullptr, nullptr);
  });
  parallel_for(static_cast<int64_t>(all) * slices, threads, [&](int64_t task, int) {
    const int64_t t = task / slices;
    const int channel = static_cast<int>(task % slices) * kChannelsPerTask;
    transform_output(maps, static_cast<int>(t / tiles), t % tiles, sums + t * oc + channel, sum_stride,
                     channel, std::min(kChannelsPerTask, oc - channel));
  });
}

}  // namespace ink
