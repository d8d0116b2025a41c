#include "kernels/depthwise/expand_depthwise.h"

#include <algorithm>

#include "kernels/base/caches.h"
#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/pointwise.h"
#include "kernels/pool/global_mean.h"

namespace ink {
namespace {

constexpr int kBlockChannels = 32;  // two cache lines a pixel; a multiple of the columns of every panel
constexpr int kWaitingPixels =
    112;  // whole tiles whose sums wait in the first-level cache for the activation
constexpr int64_t kNoOffset[] = {0};
static_assert(kMeanCellColumns == kDepthwiseCell);

size_t aligned_floats(int64_t floats) {
  return align_up(static_cast<size_t>(floats), kAlignment / sizeof(float));
}

}  // namespace

// Rows of the widened map, a block of its channels, those columns that the outputs of a task read: columns
// outside the map are there and zero, rows outside it are not.
struct ExpandDepthwise::Window {
  float* rows;
  float* waiting;
  int image, block, channels;
  int x0, width;       // the columns, in the coordinates of the map
  int in_x0, in_x1;    // those of them that lie in the map
  int first_row = 0;   // where `rows` begins
  int behind_row = 0;  // up to which it is filled
  // The weights that come after these ones: every step of every tile asks for `ahead_step` bytes more of
  // them.
  const unsigned char* ahead = nullptr;
  int64_t ahead_bytes = 0, ahead_step = 0, asked = 0;

  int64_t row_floats() const { return static_cast<int64_t>(width) * channels; }
  float* at(int y, int x) const {
    return rows + (y - first_row) * row_floats() + static_cast<int64_t>(x - x0) * channels;
  }
};

const char* ExpandDepthwise::declines(const ConvParams& expand, const ConvParams& depthwise) {
  const char* reason = PointwiseConv::declines(expand);
  return reason == nullptr ? DepthwiseConv::declines(depthwise) : reason;
}

ExpandDepthwise::ExpandDepthwise(const GemmVariant& gemm, const ActivationVariant& activation,
                                 const DepthwiseVariant& depthwise, const ConvParams& expand,
                                 const ConvWeights& expand_weights, const float* expand_bias,
                                 const Epilogue& expand_epilogue, const ConvParams& params,
                                 const ConvWeights& weights, const float* bias)
    : gemm_(&gemm),
      activation_(&activation),
      depthwise_(&depthwise),
      params_(params),
      expand_epilogue_(expand_epilogue),
      block_(std::max(kBlockChannels, gemm.nr)),
      weights_(static_cast<size_t>(params.oc) * static_cast<size_t>(params.kh) *
               static_cast<size_t>(params.kw)),
      bias_(static_cast<size_t>(params.oc)) {
  INK_CHECK(declines(expand, params) == nullptr && expand.oc == params.ic && block_ % gemm.nr == 0);
  panels_ = pointwise_panels(gemm, expand, expand_weights, expand_bias);
  const int64_t area = static_cast<int64_t>(params.kh) * params.kw;
  const ConvWeights::Steps steps = weights.steps(1, params.oc, area);
  float* dst = weights_.data();
  for (int block = 0; block < blocks(); ++block) {
    for (int64_t tap = 0; tap < area; ++tap) {
      for (int i = 0; i < block_channels(block); ++i) {
        const int64_t c = int64_t{block} * block_ + i;
        *dst++ = weights.scaled(weights.data[c * steps.oc + tap * steps.tap], c);
      }
    }
  }
  for (size_t c = 0; c < bias_.size(); ++c) bias_[c] = bias == nullptr ? 0.0f : bias[c];
}

size_t ExpandDepthwise::packed_bytes() const {
  return panels_.bytes() + (weights_.size() + bias_.size()) * sizeof(float);
}

// A quarter of the second-level cache, but as many rows as an output reads.
size_t ExpandDepthwise::window_floats(int width) const {
  const int64_t rows = (params_.kh - 1) * int64_t{params_.dh} + 1;
  const int64_t outputs =
      (width + params_.pad_left + params_.pad_right - (params_.kw - 1) * int64_t{params_.dw} - 1) /
          params_.sw +
      1;
  return aligned_floats(std::max(rows * window_width(static_cast<int>(outputs)) * block_,
                                 second_level_cache_bytes() / 4 / static_cast<int64_t>(sizeof(float))));
}

size_t ExpandDepthwise::worker_floats(int width) const {
  return window_floats(width) + aligned_floats(int64_t{kWaitingPixels} * block_);
}

size_t ExpandDepthwise::scratch_floats(int threads, int width) const {
  return worker_floats(width) * static_cast<size_t>(threads);
}

void ExpandDepthwise::run(View<const float> src, View<float> dst, const Epilogue& epilogue, Rect region,
                          int threads, float* scratch, double* sums) const {
  INK_CHECK(src.c == panels_.k() && dst.c == params_.oc && gemm_->mr <= kWaitingPixels);
  if (region.empty()) return;
  // Strips of rows share the work out where blocks of channels are too few; where they meet, rows are widened
  // twice. The cells of a mean are never cut.
  constexpr int kTasksPerThread = 6, kFewestRows = 16;
  const int unit = sums == nullptr ? 1 : mean_cell_rows(dst.h, dst.w);
  const int64_t tasks = int64_t{dst.n} * blocks(), units = divide_up(region.h(), unit);
  const int64_t wanted = threads == 1 ? 1 : divide_up(int64_t{threads} * kTasksPerThread, tasks);
  const int64_t most = std::clamp<int64_t>(region.h() / kFewestRows, 1, units);
  const int64_t strips = std::clamp<int64_t>(wanted, 1, most);
  const size_t per_worker = worker_floats(src.w);
  parallel_for(tasks * strips, threads, [&](int64_t task, int worker) {
    const int block = static_cast<int>(task % blocks());
    const int64_t strip = task / blocks() % strips, image = task / blocks() / strips;
    const int y0 = region.y0 + static_cast<int>(units * strip / strips) * unit;
    const int y1 = region.y0 + static_cast<int>(units * (strip + 1) / strips) * unit;
    run_task(src, dst, epilogue, static_cast<int>(image), block,
             {y0, region.x0, std::min(y1, region.y1), region.x1}, block + threads,
             scratch + static_cast<size_t>(worker) * per_worker, sums);
  });
}

void ExpandDepthwise::run_task(View<const float> src, View<float> dst, const Epilogue& epilogue, int image,
                               int block, Rect region, int next_block, float* scratch, double* sums) const {
  const ConvParams& p = params_;
  const int channels = block_channels(block), first_channel = block * block_;
  const int x0 = region.x0 * p.sw - p.pad_left, width = window_width(region.w());
  Window window{.rows = scratch,
                .waiting = scratch + window_floats(src.w),
                .image = image,
                .block = block,
                .channels = channels,
                .x0 = x0,
                .width = width,
                .in_x0 = std::clamp(x0, 0, src.w),
                .in_x1 = std::clamp(x0 + width, 0, src.w)};
  const auto capacity = static_cast<int>(static_cast<int64_t>(window_floats(src.w)) / window.row_floats());
  // Weights too many to stay in the second-level cache.
  if (next_block < blocks() && static_cast<int64_t>(panels_.bytes()) > second_level_cache_bytes() / 8) {
    const int per_block = block_ / gemm_->nr, first = next_block * per_block;
    window.ahead = panels_.bytes_of(first);
    for (int panel = first; panel < std::min(panels_.count(), first + per_block); ++panel)
      window.ahead_bytes += int64_t{4} * panels_.width(panel) * panels_.k();
    const int64_t pixels = int64_t{region.h()} * p.sh * (window.in_x1 - window.in_x0);
    const int64_t steps = std::max<int64_t>(1, pixels / gemm_->mr) * per_block * panels_.k();
    window.ahead_step = std::min<int64_t>(kAlignment, divide_up(window.ahead_bytes, steps));
  }
  // The rows that an output reads, and those outside the map before them.
  const auto first_row = [&](int y) { return std::clamp(y * p.sh - p.pad_top, 0, src.h); };
  const auto behind_row = [&](int y) {
    return std::clamp(y * p.sh - p.pad_top + (p.kh - 1) * p.dh + 1, 0, src.h);
  };
  const int64_t taps = static_cast<int64_t>(first_channel) * p.kh * p.kw;
  const Rect grid = sums == nullptr ? Rect{} : global_mean_grid(dst.h, dst.w);
  const int cell_rows = sums == nullptr ? 1 : mean_cell_rows(dst.h, dst.w);
  for (int y = region.y0; y < region.y1; ++y) {
    if (behind_row(y) > window.behind_row) {
      const int first = first_row(y), kept = std::max(window.behind_row - first, 0);
      if (kept > 0) std::copy(window.at(first, x0), window.at(first + kept, x0), window.rows);
      window.first_row = first;
      window.behind_row = std::min(first + capacity, behind_row(region.y1 - 1));
      widen(src, window, first + kept, window.behind_row);
    }
    const int top = y * p.sh - p.pad_top;
    const int first_tap = divide_up(std::max(-top, 0), p.dh);
    const int behind_tap = std::clamp(divide_up(std::max(src.h - top, 0), p.dh), 0, p.kh);
    const bool nothing = first_tap >= behind_tap;
    double* row_sums = nullptr;
    if (sums != nullptr) {
      row_sums = sums + (image * grid.area() + static_cast<int64_t>(y / cell_rows) * grid.x1) * dst.c +
                 first_channel;
      if (y % cell_rows == 0) {
        for (int cell = 0; cell < grid.x1; ++cell)
          std::fill_n(row_sums + int64_t{cell} * dst.c, channels, 0.0);
      }
    }
    depthwise_->row({.src = nothing ? nullptr : window.at(top + first_tap * p.dh, x0),
                     .weights = weights_.data() + taps + static_cast<int64_t>(first_tap) * p.kw * channels,
                     .bias = bias_.data() + first_channel,
                     .dst = dst.at(image, y, region.x0) + first_channel,
                     .residual = nullptr,
                     .pixels = region.w(),
                     .channels = channels,
                     .src_step = int64_t{p.sw} * channels,
                     .row_step = p.dh * window.row_floats(),
                     .column_step = int64_t{p.dw} * channels,
                     .weight_row_step = int64_t{p.kw} * channels,
                     .weight_step = channels,
                     .dst_stride = dst.pixel_stride,
                     .residual_stride = 0,
                     .rows = nothing ? 0 : behind_tap - first_tap,
                     .columns = p.kw,
                     .epilogue = epilogue,
                     .sums = row_sums,
                     .sums_stride = dst.c});
  }
}

// Rows [first_row, last_row) of the window.
void ExpandDepthwise::widen(View<const float> src, Window& window, int first_row, int last_row) const {
  const int inside = window.in_x1 - window.in_x0, rows = last_row - first_row;
  for (int y = first_row; y < last_row; ++y) {
    std::fill(window.at(y, window.x0), window.at(y, std::max(window.in_x0, window.x0)), 0.0f);
    std::fill(window.at(y, std::max(window.in_x1, window.x0)), window.at(y + 1, window.x0), 0.0f);
  }
  if (inside <= 0 || rows <= 0) return;
  if (inside * src.pixel_stride == src.row_stride) {
    widen_run(src, window, first_row, int64_t{rows} * inside);
  } else {
    for (int y = first_row; y < last_row; ++y) widen_run(src, window, y, inside);
  }
}

// Pixels that follow each other in src, from the first one inside row y on.
void ExpandDepthwise::widen_run(View<const float> src, Window& window, int y, int64_t pixels) const {
  const int mr = gemm_->mr, channels = window.channels;
  const int first_panel = window.block * (block_ / gemm_->nr);
  const int behind_panel = std::min(panels_.count(), first_panel + block_ / gemm_->nr);
  const int most = kWaitingPixels / mr * mr;
  const float* from = src.at(window.image, y, window.in_x0);
  int x = window.in_x0;
  for (int64_t done = 0; done < pixels;) {
    const int count = static_cast<int>(std::min<int64_t>(most, pixels - done));
    for (int panel = first_panel; panel < behind_panel; ++panel) {
      const int column = panels_.first_column(panel) - window.block * block_;
      for (int i = 0; i < count; i += mr) {
        const bool asks = window.asked < window.ahead_bytes;
        gemm_->tile({.src = from + i * src.pixel_stride,
                     .src_step = src.pixel_stride,
                     .taps = kNoOffset,
                     .tap_count = 1,
                     .run = panels_.k(),
                     .packed = panels_.weights(panel),
                     .panel = panels_.width(panel),
                     .bias = panels_.bias(panel),
                     .dst = window.waiting + static_cast<int64_t>(i) * channels + column,
                     .dst_step = channels,
                     .residual = nullptr,
                     .residual_step = 0,
                     .m = std::min(mr, count - i),
                     .n = panels_.columns(panel),
                     .epilogue = {},
                     .ahead = asks ? window.ahead + window.asked : nullptr,
                     .ahead_step = window.ahead_step});
        window.asked += panels_.k() * window.ahead_step;
      }
    }
    for (int i = 0; i < count;) {
      const int segment = std::min(count - i, window.in_x1 - x);
      activation_->row({window.waiting + static_cast<int64_t>(i) * channels, window.at(y, x),
                        static_cast<int64_t>(segment) * channels, expand_epilogue_.activation,
                        expand_epilogue_.slope});
      i += segment, x += segment;
      if (x == window.in_x1) x = window.in_x0, ++y;
    }
    from += count * src.pixel_stride;
    done += count;
  }
}

}  // namespace ink
