#include "kernels/depthwise/expand_depthwise.h"

#include <gtest/gtest.h>

#include "kernels/base/parallel.h"
#include "kernels/pool/global_mean.h"
#include "tests/harness/oracles.h"
#include "tests/harness/pairwise.h"
#include "tests/harness/weight_layouts.h"
#include "tests/harness/window_op.h"

namespace ink {
namespace {

using test::Expected;
using test::Shape;

struct Case {
  ConvParams params;  // of the depthwise convolution
  Shape src{1, 1, 1, 1};
  Epilogue first = {}, second = {};
};

ConvParams depthwise(int c, int kernel, int stride, int pad) {
  return {.ic = c,
          .oc = c,
          .kh = kernel,
          .kw = kernel,
          .sh = stride,
          .sw = stride,
          .pad_top = pad,
          .pad_left = pad,
          .pad_bottom = pad,
          .pad_right = pad,
          .groups = c};
}

// The kernels of one instruction set.
struct Kernels {
  const GemmVariant& gemm;
  const ActivationVariant& activation;
  const DepthwiseVariant& depthwise;

  explicit Kernels(Isa isa)
      : gemm(choose_gemm(isa)), activation(choose_activation(isa)), depthwise(choose_depthwise(isa)) {}
};

struct Layers {
  ConvParams expand;
  std::vector<float> expand_weights, expand_bias, weights, bias;

  explicit Layers(const Case& c)
      : expand{.ic = c.src.c, .oc = c.params.ic},
        expand_weights(test::random_floats({expand.oc, expand.ic, 1, 1}, 2)),
        expand_bias(test::random_floats({1, 1, 1, expand.oc}, 3)),
        weights(test::random_floats({c.params.oc, 1, c.params.kh, c.params.kw}, 4)),
        bias(test::random_floats({1, 1, 1, c.params.oc}, 5)) {}

  ExpandDepthwise make(const Kernels& kernels, const Case& c) const {
    return {kernels.gemm,          kernels.activation, kernels.depthwise, expand,
            expand_weights.data(), expand_bias.data(), c.first,           c.params,
            weights.data(),        bias.data()};
  }
};

// Every arrangement where step is 1, or every step-th from `index` on.
void check(const Case& c, size_t index, size_t step) {
  SCOPED_TRACE(testing::Message() << c.src.n << "x" << c.src.h << "x" << c.src.w << "x" << c.src.c << " to "
                                  << c.params.ic << " kernel " << c.params.kh << "x" << c.params.kw
                                  << " stride " << c.params.sh << "x" << c.params.sw << " dilation "
                                  << c.params.dh << " padding " << c.params.pad_top << " "
                                  << c.params.pad_right);
  const Layers layers(c);
  test::WindowOp op;
  op.src_shape = c.src;
  op.src = test::random_floats(c.src, 1);
  const Expected wide = test::expect_epilogue(
      test::expect_conv(Expected(c.src, op.src), layers.expand, layers.expand_weights, layers.expand_bias),
      c.first, nullptr);
  const Expected want = test::expect_epilogue(test::expect_conv(wide, c.params, layers.weights, layers.bias),
                                              c.second, nullptr);
  op.dst_shape = want.shape;
  op.source = [&](Rect region) { return test::conv_source(c.params, c.src, region); };
  for (const Isa isa : supported_isas()) {
    const Kernels kernels(isa);
    SCOPED_TRACE(kernels.depthwise.name);
    const ExpandDepthwise conv = layers.make(kernels, c);
    op.scratch_floats = [&](int threads) { return conv.scratch_floats(threads, c.src.w); };
    op.run = [&](View<const float> src, View<float> dst, View<const float>, Rect region, int threads,
                 float* scratch) { conv.run(src, dst, c.second, region, threads, scratch); };
    ASSERT_NO_FATAL_FAILURE(test::expect_everywhere(op, want, index++ % step, step));
  }
}

TEST(ExpandDepthwise, EveryTailOfAChannelCount) {
  with_workers(4, [] {
    for (int c = 2; c <= 70; ++c)
      ASSERT_NO_FATAL_FAILURE(check({depthwise(c, 3, 1, 1), {1, 3, 6, 5}}, static_cast<size_t>(c), 13));
  });
}

TEST(ExpandDepthwise, EveryTwoLevelsOfEveryTwoFactors) {
  constexpr int kKernels[][2] = {{1, 1}, {3, 3}, {5, 5}, {2, 3}, {7, 1}};
  constexpr int kStrides[][2] = {{1, 1}, {2, 2}, {1, 3}, {3, 2}};
  constexpr int kSizes[][2] = {{1, 1}, {4, 5}, {3, 14}, {9, 33}};
  constexpr int kChannels[] = {2, 7, 33, 64};
  constexpr Epilogue kFirst[] = {{}, {Activation::silu, 0, false}, {Activation::relu, 0, false}};
  constexpr Epilogue kSecond[] = {{}, {Activation::silu, 0, false}, {Activation::leaky_relu, 0.1f, false}};
  const int levels[] = {5, 4, 2, 4, 4, 5, 3, 3, 2};
  with_workers(4, [&] {
    size_t index = 0;
    for (const std::vector<int>& level : test::pairwise(levels, 1)) {
      const auto at = [&](size_t factor) { return level[factor]; };
      Case c{depthwise(kChannels[at(4)], 1, 1, 0)};
      ConvParams& p = c.params;
      p.kh = kKernels[at(0)][0], p.kw = kKernels[at(0)][1];
      p.sh = kStrides[at(1)][0], p.sw = kStrides[at(1)][1];
      p.dh = p.dw = at(2) + 1;
      const int h = (p.kh - 1) * p.dh, w = (p.kw - 1) * p.dw;
      switch (at(5)) {
        case 0: break;
        case 1:
          p.pad_top = h / 2, p.pad_bottom = h - h / 2, p.pad_left = w / 2, p.pad_right = w - w / 2;
          break;
        case 2: p.pad_bottom = 1, p.pad_right = 1; break;
        case 3: p.pad_top = 1, p.pad_bottom = 2, p.pad_left = 1, p.pad_right = 2; break;
        default:
          p.pad_top = h + 2, p.pad_bottom = h + 1, p.pad_left = w + 1, p.pad_right = w + 3;  // all outside
      }
      c.src = {at(8) + 1, std::max(kSizes[at(3)][0], h + 1 - p.pad_top - p.pad_bottom),
               std::max(kSizes[at(3)][1], w + 1 - p.pad_left - p.pad_right), 3 + at(6)};
      c.first = kFirst[at(6)];
      c.second = kSecond[at(7)];
      ASSERT_NO_FATAL_FAILURE(check(c, index++, 3));
    }
  });
}

// Maps of more rows than a window holds, cut into strips among threads, with the sums of their means: the
// bits of the mean of what was written.
TEST(ExpandDepthwise, SumsAreThoseOfTheGlobalMean) {
  const Case cases[] = {{depthwise(40, 5, 1, 2), {2, 100, 61, 6}, {Activation::silu}, {Activation::silu}},
                        {depthwise(33, 3, 2, 1), {1, 70, 1200, 3}, {Activation::silu}, {Activation::none}},
                        {depthwise(36, 3, 1, 1), {1, 3000, 45, 2}, {Activation::relu}, {Activation::silu}}};
  for (const Case& c : cases) {
    const Layers layers(c);
    const ConvParams& p = c.params;
    const int oh = (c.src.h + 2 * p.pad_top - p.kh) / p.sh + 1,
              ow = (c.src.w + 2 * p.pad_left - p.kw) / p.sw + 1;
    const Shape shape{c.src.n, oh, ow, p.oc};
    const std::vector<float> src = test::random_floats(c.src, 1);
    for (const Isa isa : supported_isas()) {
      const Kernels kernels(isa);
      const ExpandDepthwise conv = layers.make(kernels, c);
      std::vector<float> first;
      for (const int threads : {1, 2, 4}) {
        std::vector<float> dst(shape.size()), scratch(conv.scratch_floats(threads, c.src.w));
        const size_t sums_an_image =
            static_cast<size_t>(global_mean_cells(oh, ow)) * static_cast<size_t>(p.oc);
        std::vector<double> sums(sums_an_image * static_cast<size_t>(c.src.n), 1e300);
        const View<float> map = dense_view(dst.data(), c.src.n, oh, ow, p.oc);
        conv.run(dense_view(src.data(), c.src.n, c.src.h, c.src.w, c.src.c), map, c.second, map.whole(),
                 threads, scratch.data(), sums.data());
        if (threads == 1) first = dst;
        ASSERT_EQ(dst, first) << kernels.depthwise.name << " " << threads;
        const auto channels = static_cast<size_t>(p.oc), images = static_cast<size_t>(c.src.n);
        std::vector<float> got(channels * images), want(got.size());
        for (size_t image = 0; image < images; ++image) {
          global_mean_finish(sums.data() + image * sums_an_image, global_mean_cells(oh, ow), p.oc,
                             int64_t{oh} * ow, got.data() + image * channels);
        }
        global_mean_run(choose_global_mean(isa), map, dense_view(want.data(), c.src.n, 1, 1, p.oc),
                        sums.data(), 1);
        ASSERT_EQ(got, want) << kernels.depthwise.name << " " << threads;
      }
    }
  }
}

}  // namespace
}  // namespace ink
