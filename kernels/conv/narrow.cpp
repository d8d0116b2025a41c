#include "kernels/conv/narrow.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr NarrowVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "narrow_avx512", narrow_tile_avx512, 16, {8, 8, 8, 4}},
    {Isa::avx2, "narrow_avx2", narrow_tile_avx2, 8, {8, 4, 4, 2}},
    {Isa::sse42, "narrow_sse42", narrow_tile_sse42, 4, {8, 4, 3, 2}},
#endif
    {Isa::reference, "narrow_reference", narrow_tile_reference, 1, {4, 4, 4, 4}},
};

// The inputs of a block's row of outputs, so that those which the next row shares stay in the first-level
// cache.
constexpr int64_t kBlockBytes = 24 * 1024;
// Rows of outputs of a block, where threads want several: neighbours read some input rows twice.
constexpr int kLeastBlockRows = 16, kBlocksPerThread = 4;

const char* declines_sizes(int ic, int oc, int area, int groups) {
  if (oc > NarrowConv::kMaxChannels) return "more than 4 output channels";
  if (groups != 1) return "groups";
  if (area < 4 || area > TapConv::kMaxTaps) return "kernel is too small or too large";
  // Adding up lanes costs the same whatever ic is.
  if (ic < 16) return "fewer than 16 input channels";
  return nullptr;
}

}  // namespace

std::span<const NarrowVariant> narrow_variants() { return kVariants; }

const NarrowVariant& choose_narrow(Isa limit) { return best_variant(narrow_variants(), limit); }

void narrow_tile_reference(const NarrowTileArgs& args) {
  INK_CHECK(args.tiles == 1);
  double sums[kNarrowRows][kNarrowColumns] = {};
  const float* weights = args.packed;
  for (int t = 0; t < args.tap_count; ++t) {
    const float* src = args.src + args.taps[t];
    for (int k = 0; k < args.run; ++k, ++src, weights += args.columns) {
      for (int i = 0; i < args.m; ++i) {
        const double value = src[i * args.src_step];
        for (int j = 0; j < args.columns; ++j) sums[i][j] += value * weights[j];
      }
    }
  }
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < args.columns; ++j) {
      const float residual = args.residual == nullptr ? 0.0f : args.residual[i * args.residual_step + j];
      args.dst[i * args.dst_step + j] = static_cast<float>(sums[i][j] + args.bias[j]) + residual;
    }
  }
}

struct NarrowConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
};

const char* NarrowConv::declines(const ConvParams& p) {
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

const char* NarrowConv::declines(const DeconvParams& p) {
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

NarrowConv::NarrowConv(const NarrowVariant& variant, const ConvParams& p, const ConvWeights& weights,
                       const float* bias)
    : variant_(&variant), ic_(p.ic), oc_(p.oc) {
  INK_CHECK(declines(p) == nullptr);
  phases_.push_back({{p.kh, p.sh, -p.pad_top, p.dh, 1, 0}, {p.kw, p.sw, -p.pad_left, p.dw, 1, 0}, 0});
  const ConvWeights::Steps steps = weights.steps(p.ic, p.oc, int64_t{p.kh} * p.kw);
  const auto weight = [&](size_t, int tap, int i, int j) {
    return weights.scaled(weights.data[j * steps.oc + i * steps.ic + tap * steps.tap], j);
  };
  pack(weight, bias);
}

NarrowConv::NarrowConv(const NarrowVariant& variant, const DeconvParams& p, const float* weights,
                       const float* bias, const double* factors)
    : variant_(&variant), ic_(p.ic), oc_(p.oc) {
  INK_CHECK(declines(p) == nullptr);
  std::vector<std::vector<int>> positions;  // in the kernel, of the taps of each phase
  for (int y = 0; y < p.sh; ++y) {
    const DeconvPhase rows = make_deconv_phase(p.kh, p.sh, p.pad_top, y);
    for (int x = 0; x < p.sw; ++x) {
      const DeconvPhase columns = make_deconv_phase(p.kw, p.sw, p.pad_left, x);
      phases_.push_back({rows.axis, columns.axis, 0});
      positions.emplace_back();
      for (const int r : rows.positions) {
        for (const int s : columns.positions) positions.back().push_back(r * p.kw + s);
      }
    }
  }
  const ConvWeights values(weights, WeightLayout::oihw, factors);
  const auto weight = [&](size_t phase, int tap, int i, int j) {
    const int position = positions[phase][static_cast<size_t>(tap)];
    return values.scaled(weights[(int64_t{i} * p.oc + j) * p.kh * p.kw + position], j);
  };
  pack(weight, bias);
}

template <class Weight>
void NarrowConv::pack(Weight weight, const float* bias) {
  int64_t floats = 0;
  for (Phase& phase : phases_) {
    phase.packed = floats;
    floats += phase.taps() * tap_floats();
  }
  packed_ = AlignedBuffer<float>(static_cast<size_t>(floats));
  float* dst = packed_.data();
  for (size_t phase = 0; phase < phases_.size(); ++phase) {
    for (int tap = 0; tap < phases_[phase].taps(); ++tap) {
      for (int first = 0; first < ic_; first += variant_->lanes) {
        for (int j = 0; j < oc_; ++j) {
          for (int i = first; i < first + variant_->lanes; ++i) {
            *dst++ = i < ic_ ? weight(phase, tap, i, j) : 0.0f;
          }
        }
      }
    }
  }
  bias_ = AlignedBuffer<float>(kNarrowColumns);
  for (int j = 0; j < kNarrowColumns; ++j)
    bias_[static_cast<size_t>(j)] = bias == nullptr || j >= oc_ ? 0.0f : bias[j];
}

size_t NarrowConv::scratch_floats(int threads) const {
  int64_t pixels = 0;
  for (const Phase& phase : phases_)
    pixels = std::max(pixels, int64_t{phase.rows.taps} * std::max(0, columns_read(phase, mr())));
  return align_up(static_cast<size_t>(pixels * ic_), kAlignment / sizeof(float)) *
         static_cast<size_t>(threads);
}

void NarrowConv::run(View<const float> src, View<float> dst, View<const float> residual,
                     const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  const Maps maps{src, residual, dst, epilogue};
  if (region.empty()) return;
  // A grid over the outputs of all phases: they differ by one at most.
  const auto outputs = [&](const Phase& phase) { return phase.rows.outputs(phase.columns, region); };
  Rect grid = outputs(phases_.front());
  int tap_rows = 1;
  for (const Phase& phase : phases_) {
    const Rect q = outputs(phase);
    grid = {std::min(grid.y0, q.y0), std::min(grid.x0, q.x0), std::max(grid.y1, q.y1),
            std::max(grid.x1, q.x1)};
    tap_rows = std::max(tap_rows, phase.rows.taps);
  }
  const int64_t tile_bytes =
      int64_t{4} * mr() * tap_rows * phases_.front().columns.src_step * src.pixel_stride;
  const int columns = static_cast<int>(std::max<int64_t>(2, kBlockBytes / tile_bytes)) * mr();
  const int chunks = divide_up(grid.w(), columns);
  const int wanted = threads == 1 ? 1 : divide_up(threads * kBlocksPerThread, chunks * dst.n);
  const int bands = std::clamp(grid.h() / kLeastBlockRows, 1, wanted);
  const size_t per_worker = scratch_floats(1);
  parallel_for(int64_t{dst.n} * bands * chunks, threads, [&](int64_t task, int worker) {
    const int chunk = static_cast<int>(task % chunks), band = static_cast<int>(task / chunks % bands);
    const int image = static_cast<int>(task / chunks / bands);
    const int x0 = grid.x0 + chunk * columns, x1 = std::min(x0 + columns, grid.x1);
    const int y1 = grid.y0 + grid.h() * (band + 1) / bands;
    for (int qy = grid.y0 + grid.h() * band / bands; qy < y1; ++qy) {
      int share = 0;
      for (const Phase& phase : phases_) {
        const Rect q = outputs(phase);
        if (qy < q.y0 || qy >= q.y1) continue;
        run_row(maps, phase, image, qy, std::max(x0, q.x0), std::min(x1, q.x1), share++,
                scratch + static_cast<size_t>(worker) * per_worker);
      }
    }
  });
}

// The outputs [qx0, qx1) of a row. The rows of all phases ask for equal shares of what the next row reads.
void NarrowConv::run_row(const Maps& maps, const Phase& phase, int image, int qy, int qx0, int qx1, int share,
                         float* patch) const {
  const View<const float>& src = maps.src;
  const TapAxis &rows = phase.rows, &columns = phase.columns;
  // Where the inputs of one kernel row are contiguous they are one tap: longer inner loops, the same order.
  const bool whole = columns.dilation == 1 && columns.taps > 0 && ic_ % variant_->lanes == 0;
  int64_t map_taps[TapConv::kMaxTaps], patch_taps[TapConv::kMaxTaps];
  const auto place_taps = [&](int64_t row_step, int64_t pixel_step, bool merged, int64_t* taps) {
    int count = 0;
    for (int r = 0; r < rows.taps; ++r) {
      for (int s = 0; s < (merged ? 1 : columns.taps); ++s) taps[count++] = r * row_step + s * pixel_step;
    }
    return count;
  };
  const bool merged = whole && src.gapless();
  const int64_t patch_row = int64_t{ic_} * columns_read(phase, mr());
  const int map_count =
      place_taps(rows.dilation * src.row_stride, columns.dilation * src.pixel_stride, merged, map_taps);
  const int patch_count = place_taps(patch_row, int64_t{columns.dilation} * ic_, whole, patch_taps);
  const int y = qy * rows.dst_step + rows.dst_start;
  const auto vectors = static_cast<int>(phase.taps() * tap_floats() / oc_) / variant_->lanes;
  const int next_row = (qy + 1) * rows.src_step + rows.src_start + (rows.taps - 1) * rows.dilation;
  const int64_t shares = static_cast<int64_t>(phases_.size()),
                tile_bytes = 4 * mr() * columns.src_step * src.pixel_stride;
  // Whole tiles all of whose inputs are there, in one call; tiles at the sides read copies.
  const bool row_ready = phase.taps() > 0 && rows.inside(qy, 1, src.h);
  const bool plain = maps.epilogue.activation == Activation::none && variant_->isa != Isa::reference;
  for (int qx = qx0; qx < qx1;) {
    const int x = qx * columns.dst_step + columns.dst_start, ix = qx * columns.src_step + columns.src_start;
    NarrowTileArgs args{};
    args.columns = oc_;
    args.packed = packed_.data() + phase.packed;
    args.bias = bias_.data();
    args.dst = maps.dst.at(image, y, x);
    args.dst_step = columns.dst_step * maps.dst.pixel_stride;
    if (maps.residual.data != nullptr) {
      args.residual = maps.residual.at(image, y, x);
      args.residual_step = columns.dst_step * maps.residual.pixel_stride;
    }
    if (row_ready && qx1 - qx >= mr() && columns.inside(qx, mr(), src.w)) {
      const int last =
          (src.w - 1 - columns.src_start - (columns.taps - 1) * columns.dilation) / columns.src_step;
      args.m = mr();
      args.tiles = plain ? (std::min(last + 1, qx1) - qx) / mr() : 1;
      args.src = src.at(image, qy * rows.src_step + rows.src_start, ix);
      args.src_step = columns.src_step * src.pixel_stride;
      args.taps = map_taps, args.tap_count = map_count;
      args.run = merged ? columns.taps * ic_ : ic_;
      if (next_row < src.h) {
        args.ahead =
            reinterpret_cast<const unsigned char*>(src.at(image, next_row, ix)) + tile_bytes * share / shares;
        args.ahead_step = std::min<int64_t>(kAlignment, tile_bytes / shares / vectors);
      }
    } else {
      // As far as to where a whole tile may follow.
      args.m = std::min(mr(), qx1 - qx);
      if (ix < 0) args.m = std::min(args.m, divide_up(-ix, columns.src_step));
      if (phase.taps() > 0) copy_patch(maps, phase, image, qy, qx, args.m, patch);
      args.src = patch;
      args.src_step = int64_t{columns.src_step} * ic_;
      args.taps = patch_taps, args.tap_count = patch_count;
      args.run = whole ? columns.taps * ic_ : ic_;
    }
    run_tile(maps, args);
    qx += args.m * args.tiles;
  }
}

// Copies what the outputs of a tile read, zeros where it lies outside the map or belongs to no output.
void NarrowConv::copy_patch(const Maps& maps, const Phase& phase, int image, int qy, int qx, int m,
                            float* patch) const {
  const View<const float>& src = maps.src;
  const int width = columns_read(phase, mr()), held = columns_read(phase, m);
  const int ix0 = qx * phase.columns.src_step + phase.columns.src_start;
  const size_t pixel = static_cast<size_t>(ic_) * sizeof(float);
  for (int r = 0; r < phase.rows.taps; ++r) {
    const int iy = qy * phase.rows.src_step + phase.rows.src_start + r * phase.rows.dilation;
    for (int s = 0; s < width; ++s, patch += ic_) {
      const int ix = ix0 + s;
      if (iy < 0 || iy >= src.h || ix < 0 || ix >= src.w || s >= held) {
        std::memset(patch, 0, pixel);
      } else {
        std::memcpy(patch, src.at(image, iy, ix), pixel);
      }
    }
  }
}

void NarrowConv::run_tile(const Maps& maps, NarrowTileArgs args) const {
  if (maps.epilogue.activation == Activation::none) return variant_->tile(args);
  float sums[kNarrowRows * kNarrowColumns];
  const NarrowTileArgs given = args;
  args.dst = sums, args.dst_step = oc_;
  args.residual = nullptr;
  variant_->tile(args);
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < oc_; ++j) {
      const float added = given.residual == nullptr ? 0.0f : given.residual[i * given.residual_step + j];
      given.dst[i * given.dst_step + j] = finish(sums[i * oc_ + j], added, maps.epilogue);
    }
  }
}

}  // namespace ink
