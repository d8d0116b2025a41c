#include "kernels/depthwise/depthwise.h"

#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/base/rows.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr DepthwiseVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "depthwise_avx512", depthwise_row_avx512},
    {Isa::avx2, "depthwise_avx2", depthwise_row_avx2},
    {Isa::sse42, "depthwise_sse42", depthwise_row_sse42},
#endif
    {Isa::reference, "depthwise_reference", depthwise_row_reference},
};

// The taps [begin, end) of an output that lie in a map of `size`, the first tap of all at `start`.
struct Taps {
  int begin, end;

  int count() const { return end - begin; }
};

Taps taps_at(int start, int kernel, int dilation, int size) {
  const auto before = [&](int position) {  // taps that lie before it
    return std::clamp((position - start + dilation - 1) / dilation, 0, kernel);
  };
  const int begin = start >= 0 ? 0 : before(0);
  const int end = start >= size ? 0 : before(size);
  return {std::min(begin, end), end};
}

}  // namespace

void depthwise_row_reference(const DepthwiseRow& args) {
  for (int64_t p = 0; p < args.pixels; ++p) {
    for (int64_t i = 0; i < args.channels; ++i) {
      double sum = args.bias[i];
      for (int y = 0; y < args.rows; ++y) {
        for (int x = 0; x < args.columns; ++x) {
          sum += static_cast<double>(
                     args.src[p * args.src_step + y * args.row_step + x * args.column_step + i]) *
                 args.weights[y * args.weight_row_step + x * args.weight_step + i];
        }
      }
      const float residual = args.residual == nullptr ? 0.0f : args.residual[p * args.residual_stride + i];
      const float value = static_cast<float>(sum) + (args.epilogue.residual_first ? residual : 0.0f);
      args.dst[p * args.dst_stride + i] = activate(value, args.epilogue.activation, args.epilogue.slope) +
                                          (args.epilogue.residual_first ? 0.0f : residual);
      if (args.sums != nullptr)
        args.sums[p / kDepthwiseCell * args.sums_stride + i] += args.dst[p * args.dst_stride + i];
    }
  }
}

std::span<const DepthwiseVariant> depthwise_variants() { return kVariants; }

const DepthwiseVariant& choose_depthwise(Isa limit) { return best_variant(depthwise_variants(), limit); }

const char* DepthwiseConv::declines(const ConvParams& p) {
  if (p.groups != p.ic || p.oc != p.ic) return "not one kernel a channel";
  if (p.ic == 1) return "one channel";
  return nullptr;
}

DepthwiseConv::DepthwiseConv(const DepthwiseVariant& variant, const ConvParams& params,
                             const ConvWeights& weights, const float* bias)
    : variant_(&variant), params_(params) {
  INK_CHECK(params.groups == params.ic && params.oc == params.ic);
  const int64_t area = static_cast<int64_t>(params.kh) * params.kw;
  const ConvWeights::Steps steps = weights.steps(1, params.oc, area);
  const auto channels = static_cast<size_t>(params.oc);
  weights_ = AlignedBuffer<float>(channels * static_cast<size_t>(area));
  bias_ = AlignedBuffer<float>(channels);
  for (int64_t tap = 0; tap < area; ++tap) {
    for (int64_t c = 0; c < params.oc; ++c) {
      weights_[static_cast<size_t>(tap * params.oc + c)] =
          weights.scaled(weights.data[c * steps.oc + tap * steps.tap], c);
    }
  }
  for (size_t c = 0; c < channels; ++c) bias_[c] = bias == nullptr ? 0.0f : bias[c];
}

void DepthwiseConv::run(View<const float> src, View<float> dst, View<const float> residual,
                        const Epilogue& epilogue, Rect region, int threads, float* /*scratch*/) const {
  const ConvParams& p = params_;
  for_each_run(dst.n, region, dst.c, true, threads, [&](int image, int y, int begin, int64_t pixels) {
    const int iy = y * p.sh - p.pad_top, end = begin + static_cast<int>(pixels);
    const Taps rows = taps_at(iy, p.kh, p.dh, src.h);
    for (int x = begin; x < end;) {
      const auto columns_at = [&](int output) {
        return taps_at(output * p.sw - p.pad_left, p.kw, p.dw, src.w);
      };
      // Outputs whose windows the sides of the map cut differ from one to the next; those between are one
      // call.
      const Taps columns = columns_at(x);
      int next = x + 1;
      if (columns.count() == p.kw) {
        const int last = (src.w - 1 - (p.kw - 1) * p.dw + p.pad_left) / p.sw;  // whose window is whole
        next = std::max(next, std::min(end, last + 1));
      }
      const bool nothing = rows.count() == 0 || columns.count() == 0;
      variant_->row(
          {.src = nothing
                      ? nullptr
                      : src.at(image, iy + rows.begin * p.dh, x * p.sw - p.pad_left + columns.begin * p.dw),
           .weights = weights_.data() + (static_cast<int64_t>(rows.begin) * p.kw + columns.begin) * p.oc,
           .bias = bias_.data(),
           .dst = dst.at(image, y, x),
           .residual = residual.data == nullptr ? nullptr : residual.at(image, y, x),
           .pixels = next - x,
           .channels = p.oc,
           .src_step = p.sw * src.pixel_stride,
           .row_step = p.dh * src.row_stride,
           .column_step = p.dw * src.pixel_stride,
           .weight_row_step = static_cast<int64_t>(p.kw) * p.oc,
           .weight_step = p.oc,
           .dst_stride = dst.pixel_stride,
           .residual_stride = residual.pixel_stride,
           .rows = nothing ? 0 : rows.count(),
           .columns = nothing ? 0 : columns.count(),
           .epilogue = epilogue});
      x = next;
    }
  });
}

}  // namespace ink
