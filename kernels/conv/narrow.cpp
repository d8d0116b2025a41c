#include "kernels/conv/narrow.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

// Input columns of a block, so that its sums stay in the first-level cache beside the weights.
constexpr int kBlockColumns = 98;
// Rows of outputs of a block, where threads want several: neighbours compute some input rows twice.
constexpr int kLeastBlockRows = 16, kBlocksPerThread = 4;

// Four floats at once in whatever the baseline instruction set has for it, lane by lane as scalars would.
typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Mask4 __attribute__((vector_size(16)));
constexpr int kLanes = 4;
constexpr int kMostVectors = 4;  // of the outputs of a block of stride columns

Float4 load4(const float* src) {
  Float4 value;
  __builtin_memcpy(&value, src, sizeof value);
  return value;
}

void store4(float* dst, Float4 value) { __builtin_memcpy(dst, &value, sizeof value); }

const char* declines_sizes(int ic, int oc, int area, int groups) {
  if (oc > NarrowConv::kMaxChannels) return "more than 4 output channels";
  if (groups != 1) return "groups";
  if (area < 4 || area > TapConv::kMaxTaps) return "kernel is too small or too large";
  // The sums over positions cost the same whatever ic is.
  if (ic < 16) return "fewer than 16 input channels";
  return nullptr;
}

}  // namespace

struct NarrowConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
};

// Outputs of one image, and the input columns [ix0, ix1) that they need; sums of (ix, slot, s, j) are at data
// + (ix - ix0) * pitch_ + (slot * columns_.taps + s) * oc_ + j.
struct NarrowConv::Block {
  int image;
  Rect outputs;
  int ix0, ix1;
  float* data;
};

const char* NarrowConv::declines(const ConvParams& p) {
  if (p.sh != 1 || p.sw != 1) return "stride is not 1";
  if (p.dh != 1 || p.dw != 1) return "dilation is not 1";
  if (p.pad_top >= p.kh || p.pad_left >= p.kw) return "padding is as wide as the kernel";
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

const char* NarrowConv::declines(const DeconvParams& p) {
  if (p.sw * p.oc > kMostVectors * kLanes) return "the stride is too wide";
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

NarrowConv::NarrowConv(const GemmVariant& variant, const ConvParams& p, const ConvWeights& weights,
                       const float* bias)
    : variant_(&variant),
      rows_{p.kh, 1, p.kh - 1 - p.pad_top},
      columns_{p.kw, 1, p.kw - 1 - p.pad_left},
      oc_(p.oc) {
  INK_CHECK(declines(p) == nullptr);
  const int area = p.kh * p.kw;
  const ConvWeights::Steps steps = weights.steps(p.ic, p.oc, area);
  const auto turned = [&](int tap, int i, int j) {
    return weights.scaled(weights.data[j * steps.oc + i * steps.ic + (area - 1 - tap) * steps.tap], j);
  };
  pack(p.ic, turned, bias);
}

NarrowConv::NarrowConv(const GemmVariant& variant, const DeconvParams& p, const float* weights,
                       const float* bias, const double* factors)
    : variant_(&variant), rows_{p.kh, p.sh, p.pad_top}, columns_{p.kw, p.sw, p.pad_left}, oc_(p.oc) {
  INK_CHECK(declines(p) == nullptr);
  const int area = p.kh * p.kw;
  const ConvWeights values(weights, WeightLayout::oihw, factors);
  const auto given = [&](int tap, int i, int j) {
    return values.scaled(weights[(static_cast<int64_t>(i) * p.oc + j) * area + tap], j);
  };
  pack(p.ic, given, bias);
}

template <class Weight>
void NarrowConv::pack(int ic, Weight weight, const float* bias) {
  ring_ = std::max(rows_.taps, rows_.stride);
  rotations_ = ring_ / std::gcd(ring_, rows_.stride);
  const int row = columns_.taps * oc_, n = ring_ * row;
  std::vector<float> matrix(static_cast<size_t>(ic) * static_cast<size_t>(n));
  for (int rotation = 0; rotation < rotations_; ++rotation) {
    std::fill(matrix.begin(), matrix.end(), 0.0f);
    for (int r = 0; r < rows_.taps; ++r) {
      const int slot = (rotation * rows_.stride + r) % ring_;
      for (int i = 0; i < ic; ++i) {
        float* dst = matrix.data() + static_cast<int64_t>(i) * n + slot * row;
        for (int s = 0; s < columns_.taps; ++s) {
          for (int j = 0; j < oc_; ++j) *dst++ = weight(r * columns_.taps + s, i, j);
        }
      }
    }
    products_.emplace_back(*variant_, ic, n, matrix.data(), n, 1, nullptr);
  }
  // Whole vectors: what lies behind the columns is zero, and storing it is cheaper than sparing it.
  const GemmPanels& panels = products_.front();
  pitch_ = panels.first_column(panels.count() - 1) + panels.width(panels.count() - 1);
  bias_.assign(static_cast<size_t>(kMostVectors * kLanes), 0.0f);
  for (int i = 0; bias != nullptr && i < columns_.stride * oc_; ++i)
    bias_[static_cast<size_t>(i)] = bias[i % oc_];
}

size_t NarrowConv::packed_bytes() const {
  size_t bytes = bias_.size() * sizeof(float);
  for (const GemmPanels& panels : products_) bytes += panels.bytes();
  return bytes;
}

size_t NarrowConv::scratch_floats(int threads) const {
  // Sums are read some vectors at a time.
  const int floats = kBlockColumns * pitch_ + kMostVectors * kLanes;
  return align_up(static_cast<size_t>(floats), kAlignment / sizeof(float)) * static_cast<size_t>(threads);
}

void NarrowConv::run(View<const float> src, View<float> dst, View<const float> residual,
                     const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  const Maps maps{src, residual, dst, epilogue};
  if (region.empty()) return;
  // Blocks of columns begin where those of the whole map would: wherever the region ends, the first and the
  // last are cut.
  const int stride = columns_.stride, halo = column_taps() - 1;
  INK_CHECK(halo < kBlockColumns / 2);
  const int first = (region.x0 + columns_.pad) / stride;
  const int behind = (region.x1 - 1 + columns_.pad) / stride + 1;
  const int step = kBlockColumns - halo;
  const int chunks = divide_up(behind - first, step);
  const int wanted = threads == 1 ? 1 : divide_up(threads * kBlocksPerThread, chunks * dst.n);
  const int bands = std::clamp(region.h() / kLeastBlockRows, 1, wanted);
  const size_t per_worker = scratch_floats(1);
  parallel_for(static_cast<int64_t>(dst.n) * bands * chunks, threads, [&](int64_t task, int worker) {
    const int chunk = static_cast<int>(task % chunks), band = static_cast<int>(task / chunks % bands);
    const int q0 = first + chunk * step, q1 = std::min(q0 + step, behind);
    const Rect outputs{region.y0 + region.h() * band / bands, std::max(q0 * stride - columns_.pad, region.x0),
                       region.y0 + region.h() * (band + 1) / bands,
                       std::min(q1 * stride - columns_.pad, region.x1)};
    // Exactly the inputs that these outputs need: memory may hold no others.
    const int ix0 = divide_up(std::max(0, outputs.x0 + columns_.pad - columns_.taps + 1), stride);
    const int ix1 = std::min((outputs.x1 - 1 + columns_.pad) / stride + 1, src.w);
    run_block(maps, {static_cast<int>(task / chunks / bands), outputs, ix0, std::max(ix0, ix1),
                     scratch + static_cast<size_t>(worker) * per_worker});
  });
}

void NarrowConv::run_block(const Maps& maps, const Block& block) const {
  std::fill_n(block.data, (block.ix1 - block.ix0) * pitch_, 0.0f);
  const Rect& outputs = block.outputs;
  const int first_u = outputs.y0 + rows_.pad, behind_u = outputs.y1 + rows_.pad;
  const int stride = rows_.stride;
  const int first = divide_up(std::max(0, first_u - rows_.taps + 1), stride);
  // Rows between the kernels of neighbouring inputs have none of their own.
  for (int iy = std::min(first, first_u / stride); iy * stride < behind_u; ++iy) {
    if (iy >= first && iy < maps.src.h) multiply(maps, block, iy);
    for (int u = iy * stride; u < (iy + 1) * stride && u < behind_u; ++u) {
      // Kernels smaller than their stride have columns of zeros, which make no infinity of an input harmless.
      if (u - iy * stride >= rows_.taps) clear_row(block, u);
      if (u >= first_u) {
        switch (divide_up(stride_floats(), kLanes)) {
          case 1: finish_row<1>(maps, block, u - rows_.pad); break;
          case 2: finish_row<2>(maps, block, u - rows_.pad); break;
          case 3: finish_row<3>(maps, block, u - rows_.pad); break;
          default: finish_row<4>(maps, block, u - rows_.pad); break;
        }
      }
      clear_row(block, u);
    }
  }
}

// Adds what one row of inputs gives to the sums.
void NarrowConv::multiply(const Maps& maps, const Block& block, int iy) const {
  constexpr int64_t kNoOffset[] = {0};
  const GemmPanels& panels = products_[static_cast<size_t>(iy % rotations_)];
  const int width = block.ix1 - block.ix0, pieces = divide_up(width, variant_->mr);
  const int64_t step = maps.src.pixel_stride;
  const int64_t panel_bytes = divide_up(static_cast<int>(4 * step) * variant_->mr, panels.count());
  const int64_t ahead_step =
      std::min<int64_t>(kAlignment, divide_up(static_cast<int>(panel_bytes), panels.k()));
  for (int piece = 0; piece < pieces; ++piece) {
    const int x = width * piece / pieces, behind = width * (piece + 1) / pieces;
    float* sums = block.data + static_cast<int64_t>(x) * pitch_;
    const float* src = maps.src.at(block.image, iy, block.ix0 + x);
    for (int panel = 0; panel < panels.count(); ++panel) {
      float* at = sums + panels.first_column(panel);
      GemmTileArgs args{src,
                        step,
                        kNoOffset,
                        1,
                        panels.k(),
                        panels.weights(panel),
                        panels.width(panel),
                        panels.bias(panel),
                        at,
                        pitch_,
                        nullptr,
                        0,
                        behind - x,
                        panels.width(panel),
                        Epilogue{}};
      args.sums = at;
      args.sums_step = pitch_;
      // The inputs of the next piece come from far away.
      args.ahead = reinterpret_cast<const unsigned char*>(src + step * (behind - x)) + panel * panel_bytes;
      args.ahead_step = ahead_step;
      variant_->tile(args);
    }
  }
}

// The outputs of row y. Those of a position q, stride columns from q * stride - pad on, are neighbours, and
// so are the sums of each tap that they add: input q - t gives them the kernel columns from t * stride on.
template <int kVectors>
void NarrowConv::finish_row(const Maps& maps, const Block& block, int y) const {
  const int stride = columns_.stride, taps = column_taps(), floats = stride * oc_;
  const Rect& outputs = block.outputs;
  const int q0 = (outputs.x0 + columns_.pad) / stride;
  const int q1 = (outputs.x1 - 1 + columns_.pad) / stride + 1;
  // Positions all of whose outputs and inputs are here, save the last, since vectors reach into the next.
  const bool plain = maps.epilogue.activation == Activation::none && maps.dst.gapless() &&
                     (maps.residual.data == nullptr || maps.residual.gapless());
  const int inner0 =
      plain ? std::max({divide_up(outputs.x0 + columns_.pad, stride), block.ix0 + taps - 1, q0}) : q1;
  const int beyond = divide_up(kVectors * kLanes - floats, floats);
  const int inner1 = std::max(inner0, std::min((outputs.x1 + columns_.pad) / stride - beyond, block.ix1));
  for (int q = q0; q < std::min(inner0, q1); ++q) finish_one(maps, block, y, q);
  if (inner0 < inner1) {
    const int slot = (y + rows_.pad) % ring_;
    const int last_floats = (columns_.taps - (taps - 1) * stride) * oc_;
    Float4 bias[kVectors];
    Mask4 mask[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      bias[v] = load4(bias_.data() + v * kLanes);
      for (int lane = 0; lane < kLanes; ++lane) mask[v][lane] = v * kLanes + lane < last_floats ? -1 : 0;
    }
    const float* sums =
        block.data + static_cast<int64_t>(inner0 - block.ix0) * pitch_ + slot * columns_.taps * oc_;
    const int64_t to_next_tap = floats - pitch_;
    float* dst = maps.dst.at(block.image, y, inner0 * stride - columns_.pad);
    const float* residual = maps.residual.data == nullptr
                                ? nullptr
                                : maps.residual.at(block.image, y, inner0 * stride - columns_.pad);
    for (int q = inner0; q < inner1; ++q, sums += pitch_, dst += floats) {
      const float* tap = sums + (taps - 1) * to_next_tap;
      Float4 sum[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        sum[v] = bias[v] + (Float4)((Mask4)load4(tap + v * kLanes) & mask[v]);
      }
      for (int t = taps - 2; t >= 0; --t) {
        tap -= to_next_tap;
        for (int v = 0; v < kVectors; ++v) sum[v] += load4(tap + v * kLanes);
      }
      if (residual != nullptr) {
        for (int v = 0; v < kVectors; ++v) sum[v] += load4(residual + v * kLanes);
        residual += floats;
      }
      for (int v = 0; v < kVectors; ++v) store4(dst + v * kLanes, sum[v]);
    }
  }
  for (int q = std::max(q0, inner1); q < q1; ++q) finish_one(maps, block, y, q);
}

// The same for one position, of which some outputs may lie beyond the region and some inputs beyond the map.
void NarrowConv::finish_one(const Maps& maps, const Block& block, int y, int q) const {
  const int slot = (y + rows_.pad) % ring_, stride = columns_.stride;
  for (int i = 0; i < stride; ++i) {
    const int x = q * stride + i - columns_.pad;
    if (x < block.outputs.x0 || x >= block.outputs.x1) continue;
    float* dst = maps.dst.at(block.image, y, x);
    const float* residual = maps.residual.data == nullptr ? nullptr : maps.residual.at(block.image, y, x);
    for (int j = 0; j < oc_; ++j) {
      float sum = bias_[static_cast<size_t>(j)];
      for (int t = column_taps() - 1; t >= 0; --t) {
        const int s = t * stride + i, ix = q - t;
        if (s >= columns_.taps) {
          sum += 0.0f;  // as vectors do
        } else if (ix >= block.ix0 && ix < block.ix1) {
          sum +=
              block
                  .data[static_cast<int64_t>(ix - block.ix0) * pitch_ + (slot * columns_.taps + s) * oc_ + j];
        }
      }
      const float added = residual == nullptr ? 0.0f : residual[j];
      dst[j] = finish(sum, added, maps.epilogue);
    }
  }
}

// Makes room for the row that comes to the place of u.
void NarrowConv::clear_row(const Block& block, int u) const {
  const int floats = columns_.taps * oc_, whole = floats / kLanes * kLanes;
  float* sums = block.data + u % ring_ * floats;
  for (int ix = block.ix0; ix < block.ix1; ++ix, sums += pitch_) {
    for (int i = 0; i < whole; i += kLanes) store4(sums + i, Float4{});
    for (int i = whole; i < floats; ++i) sums[i] = 0.0f;
  }
}

}  // namespace ink
