#include "kernels/conv/narrow.h"

#include <algorithm>

#include "kernels/base/parallel.h"

namespace ink {
namespace {

// Outputs of a block: its products stay in a second-level cache of half a megabyte, and those that
// neighbouring blocks compute again are a sixth.
constexpr int kBlockRows = 12, kBlockColumns = 96;

// Four floats at once in whatever the baseline instruction set has for it, lane by lane as scalars would.
typedef float Float4 __attribute__((vector_size(16)));
constexpr size_t kLanes = 4;

Float4 load4(const float* src) {
  Float4 value;
  __builtin_memcpy(&value, src, sizeof value);
  return value;
}

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

// Products of the inputs [y0, y1) x [x0, x1): those of (y, x) begin at data + ((y - y0) * (x1 - x0) + x - x0)
// * pitch.
struct NarrowConv::Block {
  Rect inputs;
  float* data;
};

const char* NarrowConv::declines(const ConvParams& p) {
  if (p.sh != 1 || p.sw != 1) return "stride is not 1";
  if (p.dh != 1 || p.dw != 1) return "dilation is not 1";
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

const char* NarrowConv::declines(const DeconvParams& p) {
  return declines_sizes(p.ic, p.oc, p.kh * p.kw, p.groups);
}

NarrowConv::NarrowConv(const GemmVariant& variant, const ConvParams& p, const ConvWeights& weights,
                       const float* bias)
    : variant_(&variant) {
  INK_CHECK(declines(p) == nullptr);
  const int area = p.kh * p.kw;
  const ConvWeights::Steps steps = weights.steps(p.ic, p.oc, area);
  Phase phase{{p.kh, 1, -p.pad_top, 1, 1, 0}, {p.kw, 1, -p.pad_left, 1, 1, 0}, {}};
  std::vector<float> matrix;
  for (int tap = 0; tap < area; ++tap) phase.columns_of_taps.push_back(tap * p.oc);
  for (int i = 0; i < p.ic; ++i) {
    for (int tap = 0; tap < area; ++tap) {
      for (int j = 0; j < p.oc; ++j)
        matrix.push_back(weights.scaled(weights.data[j * steps.oc + i * steps.ic + tap * steps.tap], j));
    }
  }
  phases_.push_back(std::move(phase));
  pack(variant, p.ic, matrix, bias, p.oc);
  measure_span();
}

NarrowConv::NarrowConv(const GemmVariant& variant, const DeconvParams& p, const float* weights,
                       const float* bias, const double* factors)
    : variant_(&variant) {
  INK_CHECK(declines(p) == nullptr);
  const int area = p.kh * p.kw;
  for (int y = 0; y < p.sh; ++y) {
    const DeconvPhase rows = make_deconv_phase(p.kh, p.sh, p.pad_top, y);
    for (int x = 0; x < p.sw; ++x) {
      const DeconvPhase columns = make_deconv_phase(p.kw, p.sw, p.pad_left, x);
      Phase phase{rows.axis, columns.axis, {}};
      for (const int r : rows.positions) {
        for (const int s : columns.positions) phase.columns_of_taps.push_back((r * p.kw + s) * p.oc);
      }
      phases_.push_back(std::move(phase));
    }
  }
  const ConvWeights values(weights, WeightLayout::oihw, factors);
  std::vector<float> matrix;
  for (int i = 0; i < p.ic; ++i) {
    for (int tap = 0; tap < area; ++tap) {
      for (int j = 0; j < p.oc; ++j)
        matrix.push_back(values.scaled(weights[(static_cast<int64_t>(i) * p.oc + j) * area + tap], j));
    }
  }
  pack(variant, p.ic, matrix, bias, p.oc);
  measure_span();
}

void NarrowConv::pack(const GemmVariant& variant, int ic, std::span<const float> matrix, const float* bias,
                      int oc) {
  const int n = static_cast<int>(matrix.size()) / ic;
  products_ = GemmPanels(variant, ic, n, matrix.data(), n, 1, nullptr);
  // Whole vectors: what lies behind the columns is zero, and storing it is cheaper than sparing it.
  const int last = products_.count() - 1;
  pitch_ = products_.first_column(last) + products_.width(last);
  bias_ = AlignedBuffer<float>(static_cast<size_t>(oc));
  for (int j = 0; j < oc; ++j) bias_[static_cast<size_t>(j)] = bias == nullptr ? 0.0f : bias[j];
}

void NarrowConv::measure_span() {
  const Phase& first = phases_.front();
  span_ = {first.rows.src_start, first.columns.src_start, first.rows.src_start, first.columns.src_start};
  for (const Phase& phase : phases_) {
    span_.y0 = std::min(span_.y0, phase.rows.src_start);
    span_.x0 = std::min(span_.x0, phase.columns.src_start);
    span_.y1 = std::max(span_.y1, phase.rows.src_start + phase.rows.taps);
    span_.x1 = std::max(span_.x1, phase.columns.src_start + phase.columns.taps);
  }
}

size_t NarrowConv::scratch_floats(int threads) const {
  const size_t pixels =
      static_cast<size_t>(kBlockRows + span_.h()) * static_cast<size_t>(kBlockColumns + span_.w());
  // Products are read four at a time.
  return align_up(pixels * static_cast<size_t>(pitch_) + kLanes, kAlignment / sizeof(float)) *
         static_cast<size_t>(threads);
}

void NarrowConv::run(View<const float> src, View<float> dst, View<const float> residual,
                     const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  const Maps maps{src, residual, dst, epilogue};
  Rect grid = phases_.front().rows.outputs(phases_.front().columns, region);
  for (const Phase& phase : phases_) {
    const Rect q = phase.rows.outputs(phase.columns, region);
    grid = {std::min(grid.y0, q.y0), std::min(grid.x0, q.x0), std::max(grid.y1, q.y1),
            std::max(grid.x1, q.x1)};
  }
  if (grid.h() <= 0 || grid.w() <= 0) return;
  const int chunks = (grid.w() + kBlockColumns - 1) / kBlockColumns;
  const int bands = (grid.h() + kBlockRows - 1) / kBlockRows;
  const size_t per_worker = scratch_floats(1);
  parallel_for(static_cast<int64_t>(dst.n) * bands * chunks, threads, [&](int64_t task, int worker) {
    const int x0 = grid.x0 + static_cast<int>(task % chunks) * kBlockColumns;
    const int64_t band = task / chunks;
    const int y0 = grid.y0 + static_cast<int>(band % bands) * kBlockRows;
    const int image = static_cast<int>(band / bands);
    float* data = scratch + static_cast<size_t>(worker) * per_worker;
    const Rect outputs{y0, x0, std::min(y0 + kBlockRows, grid.y1), std::min(x0 + kBlockColumns, grid.x1)};
    const auto own_outputs = [&](const Phase& phase) {
      const Rect q = phase.rows.outputs(phase.columns, region);
      return Rect{std::max(outputs.y0, q.y0), std::max(outputs.x0, q.x0), std::min(outputs.y1, q.y1),
                  std::min(outputs.x1, q.x1)};
    };
    // Exactly the inputs that these outputs need: memory may hold no others.
    Rect inputs{src.h, src.w, 0, 0};
    for (const Phase& phase : phases_) {
      const Rect own = own_outputs(phase);
      if (own.h() <= 0 || own.w() <= 0 || phase.columns_of_taps.empty()) continue;
      inputs = {
          std::min(inputs.y0, std::max(own.y0 + phase.rows.src_start, 0)),
          std::min(inputs.x0, std::max(own.x0 + phase.columns.src_start, 0)),
          std::max(inputs.y1, std::min(own.y1 - 1 + phase.rows.src_start + phase.rows.taps, src.h)),
          std::max(inputs.x1, std::min(own.x1 - 1 + phase.columns.src_start + phase.columns.taps, src.w))};
    }
    const Block block{inputs.h() > 0 && inputs.w() > 0 ? inputs : Rect{}, data};
    multiply(maps, image, block);
    for (const Phase& phase : phases_) {
      const Rect own = own_outputs(phase);
      switch (bias_.size()) {
        case 1: add_up<1>(maps, image, own, phase, block); break;
        case 2: add_up<2>(maps, image, own, phase, block); break;
        case 3: add_up<3>(maps, image, own, phase, block); break;
        case 4: add_up<4>(maps, image, own, phase, block); break;
        default: break;
      }
    }
  });
}

void NarrowConv::multiply(const Maps& maps, int image, const Block& block) const {
  constexpr int64_t kNoOffset[] = {0};
  const int width = block.inputs.w(), pieces = (width + variant_->mr - 1) / variant_->mr;
  float* row = block.data;
  for (int y = block.inputs.y0; y < block.inputs.y1; ++y, row += int64_t{width} * pitch_) {
    for (int panel = 0; panel < products_.count(); ++panel) {
      for (int piece = 0; piece < pieces; ++piece) {
        const int x = width * piece / pieces, behind = width * (piece + 1) / pieces;
        variant_->tile({maps.src.at(image, y, block.inputs.x0 + x), maps.src.pixel_stride, kNoOffset, 1,
                        products_.k(), products_.weights(panel), products_.width(panel),
                        products_.bias(panel),
                        row + static_cast<int64_t>(x) * pitch_ + products_.first_column(panel), pitch_,
                        nullptr, 0, behind - x, products_.width(panel), Epilogue{}});
      }
    }
  }
}

template <int kChannels>
void NarrowConv::add_up(const Maps& maps, int image, Rect grid, const Phase& phase,
                        const Block& block) const {
  const int64_t row_floats = static_cast<int64_t>(block.inputs.w()) * pitch_;
  const int taps_y = phase.rows.taps, taps_x = phase.columns.taps;
  Float4 bias = {};
  for (int j = 0; j < kChannels; ++j) bias[j] = bias_[static_cast<size_t>(j)];
  // Of tap (r, s) from the products of an output's first input.
  int64_t offsets[TapConv::kMaxTaps];
  for (int r = 0; r < taps_y; ++r) {
    for (int s = 0; s < taps_x; ++s) {
      const int t = r * taps_x + s;
      offsets[t] =
          r * row_floats + static_cast<int64_t>(s) * pitch_ + phase.columns_of_taps[static_cast<size_t>(t)];
    }
  }
  const bool plain = maps.epilogue.activation == Activation::none;
  for (int qy = grid.y0; qy < grid.y1; ++qy) {
    const int iy = qy + phase.rows.src_start;
    const int first_row = std::max(0, -iy), behind_row = std::min(taps_y, maps.src.h - iy);
    const int y = qy * phase.rows.dst_step + phase.rows.dst_start;
    for (int qx = grid.x0; qx < grid.x1; ++qx) {
      const int ix = qx + phase.columns.src_start;
      const int first_column = std::max(0, -ix), behind_column = std::min(taps_x, maps.src.w - ix);
      const float* products = block.data + (iy - block.inputs.y0) * row_floats +
                              static_cast<int64_t>(ix - block.inputs.x0) * pitch_;
      // Lanes behind the channels add up products of other positions, which nobody looks at.
      Float4 sum = bias;
      if (behind_row - first_row == taps_y && behind_column - first_column == taps_x) {
        for (int t = 0; t < taps_y * taps_x; ++t) sum += load4(products + offsets[t]);
      } else {
        for (int r = first_row; r < behind_row; ++r) {
          for (int s = first_column; s < behind_column; ++s) sum += load4(products + offsets[r * taps_x + s]);
        }
      }
      const int x = qx * phase.columns.dst_step + phase.columns.dst_start;
      float* dst = maps.dst.at(image, y, x);
      const float* residual = maps.residual.data == nullptr ? nullptr : maps.residual.at(image, y, x);
      for (int j = 0; j < kChannels; ++j) {
        const float added = residual == nullptr ? 0.0f : residual[j];
        if (plain) {
          dst[j] = sum[j] + added;
        } else {
          const float value = sum[j] + (maps.epilogue.residual_first ? added : 0.0f);
          dst[j] = activate(value, maps.epilogue.activation, maps.epilogue.slope) +
                   (maps.epilogue.residual_first ? 0.0f : added);
        }
      }
    }
  }
}

}  // namespace ink
