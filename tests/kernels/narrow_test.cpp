#include "kernels/conv/narrow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/harness/guarded.h"

namespace ink {
namespace {

using test::GuardedFloats;

struct Problem {
  bool transposed;
  int h, w, ic, oc, kh, kw, sh = 1, sw = 1, pad_y = 0, pad_x = 0;
  Epilogue epilogue{};
  bool residual = false;
  int n = 1;

  int oh() const { return transposed ? (h - 1) * sh - 2 * pad_y + kh : h + 2 * pad_y - kh + 1; }
  int ow() const { return transposed ? (w - 1) * sw - 2 * pad_x + kw : w + 2 * pad_x - kw + 1; }
  size_t outputs() const { return static_cast<size_t>(n * oh() * ow() * oc); }
};

struct Data {
  GuardedFloats src, weights, bias, residual;

  Data(const Problem& p, GuardedFloats::Side side)
      : src(static_cast<size_t>(p.n * p.h * p.w * p.ic), side),
        weights(static_cast<size_t>(p.oc * p.ic * p.kh * p.kw), side),
        bias(static_cast<size_t>(p.oc), side),
        residual(p.outputs(), side) {
    test::fill_random(src.span(), 1);
    test::fill_random(weights.span(), 2);
    test::fill_random(bias.span(), 3);
    test::fill_random(residual.span(), 4);
  }
};

// Scatters every input over the outputs it reaches, in double; and the same with magnitudes.
void oracle(const Problem& p, Data& data, std::vector<double>& value, std::vector<double>& magnitude) {
  value.assign(p.outputs(), 0);
  for (size_t i = 0; i < value.size(); ++i) value[i] = data.bias[i % static_cast<size_t>(p.oc)];
  magnitude.assign(p.outputs(), 1);
  for (int image = 0; image < p.n; ++image) {
    for (int iy = 0; iy < p.h; ++iy) {
      for (int ix = 0; ix < p.w; ++ix) {
        for (int r = 0; r < p.kh; ++r) {
          for (int s = 0; s < p.kw; ++s) {
            const int y = p.transposed ? iy * p.sh - p.pad_y + r : iy + p.pad_y - r;
            const int x = p.transposed ? ix * p.sw - p.pad_x + s : ix + p.pad_x - s;
            if (y < 0 || y >= p.oh() || x < 0 || x >= p.ow()) continue;
            for (int i = 0; i < p.ic; ++i) {
              for (int j = 0; j < p.oc; ++j) {
                const int pair = p.transposed ? i * p.oc + j : j * p.ic + i;
                const double term =
                    static_cast<double>(
                        data.src[static_cast<size_t>(((image * p.h + iy) * p.w + ix) * p.ic + i)]) *
                    data.weights[static_cast<size_t>((pair * p.kh + r) * p.kw + s)];
                const size_t out = static_cast<size_t>(((image * p.oh() + y) * p.ow() + x) * p.oc + j);
                value[out] += term;
                magnitude[out] += std::abs(term);
              }
            }
          }
        }
      }
    }
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const double residual = p.residual ? data.residual[i] : 0;
    if (p.epilogue.residual_first) value[i] += residual;
    if (p.epilogue.activation == Activation::relu) value[i] = std::max(value[i], 0.0);
    if (!p.epilogue.residual_first) value[i] += residual;
  }
}

NarrowConv make(const Problem& p, Data& data, const NarrowVariant& variant) {
  if (p.transposed) {
    const DeconvParams params{.ic = p.ic,
                              .oc = p.oc,
                              .kh = p.kh,
                              .kw = p.kw,
                              .sh = p.sh,
                              .sw = p.sw,
                              .pad_top = p.pad_y,
                              .pad_left = p.pad_x,
                              .pad_bottom = p.pad_y,
                              .pad_right = p.pad_x};
    return NarrowConv(variant, params, data.weights.data(), data.bias.data());
  }
  const ConvParams params{.ic = p.ic,
                          .oc = p.oc,
                          .kh = p.kh,
                          .kw = p.kw,
                          .pad_top = p.pad_y,
                          .pad_left = p.pad_x,
                          .pad_bottom = p.pad_y,
                          .pad_right = p.pad_x};
  return NarrowConv(variant, params, data.weights.data(), data.bias.data());
}

std::vector<float> run(const Problem& p, Data& data, const NarrowVariant& variant, GuardedFloats::Side side,
                       int threads, Rect region) {
  const NarrowConv conv = make(p, data, variant);
  GuardedFloats dst(p.outputs(), side), scratch(conv.scratch_floats(threads), side);
  std::fill(dst.span().begin(), dst.span().end(), -77.0f);
  std::fill(scratch.span().begin(), scratch.span().end(), std::nanf(""));
  View<const float> residual;
  if (p.residual) residual = dense_view<const float>(data.residual.data(), p.n, p.oh(), p.ow(), p.oc);
  conv.run(dense_view<const float>(data.src.data(), p.n, p.h, p.w, p.ic),
           dense_view(dst.data(), p.n, p.oh(), p.ow(), p.oc), residual, p.epilogue, region, threads,
           scratch.data());
  EXPECT_TRUE(dst.intact() && scratch.intact()) << variant.name;
  return {dst.span().begin(), dst.span().end()};
}

std::vector<Problem> problems() {
  std::vector<Problem> list;
  for (const int oc : {1, 2, 3, 4}) {
    for (const int size : {3, 5, 14, 29}) list.push_back({false, size, size + 2, 16, oc, 3, 3});
    for (const int size : {1, 2, 5, 13}) list.push_back({true, size + 2, size + 3, 16, oc, 4, 4, 2, 2, 3, 3});
  }
  for (const int ic : {16, 17, 33}) {
    list.push_back({false, 6, 7, ic, 3, 3, 3, 1, 1, 1, 1});
    list.push_back({false, 9, 7, ic, 3, 5, 2, 1, 1, 4, 1});
    list.push_back({true, 4, 5, ic, 3, 5, 5, 3, 3, 2, 2});
    list.push_back({true, 4, 5, ic, 2, 2, 2, 2, 2, 0, 0});
    list.push_back(
        {true, 4, 3, ic, 2, 2, 3, 3, 1, 0, 1});  // a stride beyond the kernel: outputs without inputs
  }
  list.push_back({false, 20, 210, 16, 3, 3, 3, 1, 1, 0, 0, {Activation::relu}, true});
  list.push_back({false, 20, 21, 16, 3, 3, 3, 1, 1, 1, 1, {Activation::relu, 0, true}, true, 2});
  list.push_back({true, 27, 101, 16, 3, 4, 4, 2, 2, 3, 3, {Activation::relu, 0, true}, true, 2});
  return list;
}

TEST(Narrow, EveryVariantMatchesTheOracle) {
  for (const NarrowVariant& variant : narrow_variants()) {
    if (variant.isa > supported_isas().back()) continue;
    for (const Problem& p : problems()) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        Data data(p, side);
        std::vector<double> value, magnitude;
        oracle(p, data, value, magnitude);
        const std::vector<float> found = run(p, data, variant, side, 1, {0, 0, p.oh(), p.ow()});
        for (size_t i = 0; i < found.size(); ++i) {
          const double terms = static_cast<double>(p.ic) * p.kh * p.kw + 2;
          ASSERT_NEAR(found[i], value[i], terms * 0x1p-23 * magnitude[i])
              << variant.name << " " << p.transposed << " " << p.h << "x" << p.w << " " << p.ic << "->"
              << p.oc << " at " << i;
        }
      }
    }
  }
}

TEST(Narrow, ThreadsAndRegionsDoNotShow) {
  for (const bool transposed : {false, true}) {
    const Problem p = transposed ? Problem{true, 31, 120, 16, 3, 4, 4, 2, 2, 3, 3}
                                 : Problem{false, 41, 210, 16, 3, 3, 3, 1, 1, 1, 1};
    const auto side = GuardedFloats::Side::guard_after;
    Data data(p, side);
    for (const NarrowVariant& variant : narrow_variants()) {
      if (variant.isa > supported_isas().back()) continue;
      const std::vector<float> whole = run(p, data, variant, side, 1, {0, 0, p.oh(), p.ow()});
      for (const int threads : {2, 3, 7}) {
        EXPECT_TRUE(run(p, data, variant, side, threads, {0, 0, p.oh(), p.ow()}) == whole) << variant.name;
      }
      for (const Rect region :
           {Rect{0, 0, 5, p.ow()}, Rect{7, 3, 33, 150}, Rect{p.oh() - 1, p.ow() - 1, p.oh(), p.ow()}}) {
        const std::vector<float> part = run(p, data, variant, side, 3, region);
        for (int y = 0; y < p.oh(); ++y) {
          for (int x = 0; x < p.ow(); ++x) {
            const bool inside = y >= region.y0 && y < region.y1 && x >= region.x0 && x < region.x1;
            for (int c = 0; c < p.oc; ++c) {
              const size_t i = static_cast<size_t>((y * p.ow() + x) * p.oc + c);
              ASSERT_EQ(part[i], inside ? whole[i] : -77.0f)
                  << variant.name << " at " << y << "," << x << "," << c;
            }
          }
        }
      }
    }
  }
}

TEST(Narrow, SaysWhyItDeclines) {
  const ConvParams conv{.ic = 16, .oc = 3, .kh = 3, .kw = 3};
  const DeconvParams deconv{.ic = 16, .oc = 3, .kh = 4, .kw = 4, .sh = 2, .sw = 2};
  EXPECT_EQ(NarrowConv::declines(conv), nullptr);
  EXPECT_EQ(NarrowConv::declines(deconv), nullptr);
  ConvParams wide = conv, pointwise = conv, shallow = conv;
  wide.oc = 5;
  pointwise.kh = pointwise.kw = 1;
  shallow.ic = 3;
  for (const ConvParams& params : {wide, pointwise, shallow})
    EXPECT_NE(NarrowConv::declines(params), nullptr);
  DeconvParams grouped = deconv;
  grouped.groups = 2;
  EXPECT_NE(NarrowConv::declines(grouped), nullptr);
}

}  // namespace
}  // namespace ink
