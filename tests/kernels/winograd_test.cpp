#include "kernels/conv/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tests/harness/arrangements.h"
#include "tests/harness/guarded.h"

namespace ink {
namespace {

using test::GuardedFloats;

struct Problem {
  int h, w, ic, oc, pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  Epilogue epilogue{};
  bool residual = false;
  int n = 1;

  int oh() const { return h + pad_top + pad_bottom - 2; }
  int ow() const { return w + pad_left + pad_right - 2; }
  ConvParams params() const {
    return {.ic = ic,
            .oc = oc,
            .kh = 3,
            .kw = 3,
            .pad_top = pad_top,
            .pad_left = pad_left,
            .pad_bottom = pad_bottom,
            .pad_right = pad_right};
  }
};

struct Data {
  GuardedFloats src, weights, bias, residual;

  Data(const Problem& p, GuardedFloats::Side side)
      : src(static_cast<size_t>(p.n * p.h * p.w * p.ic), side),
        weights(static_cast<size_t>(p.oc * p.ic * 9), side),
        bias(static_cast<size_t>(p.oc), side),
        residual(static_cast<size_t>(p.n * p.oh() * p.ow() * p.oc), side) {
    test::fill_random(src.span(), 1);
    test::fill_random(weights.span(), 2);
    test::fill_random(bias.span(), 3);
    test::fill_random(residual.span(), 4);
  }
};

// The convolution by its definition, and the sum of the magnitudes of its terms, which scales the rounding
// errors.
void oracle(const Problem& p, Data& data, int image, int y, int x, int c, double& value, double& magnitude) {
  value = data.bias[static_cast<size_t>(c)];
  magnitude = std::abs(value);
  for (int r = 0; r < 3; ++r) {
    for (int s = 0; s < 3; ++s) {
      const int iy = y + r - p.pad_top, ix = x + s - p.pad_left;
      if (iy < 0 || iy >= p.h || ix < 0 || ix >= p.w) continue;
      for (int i = 0; i < p.ic; ++i) {
        const double term =
            static_cast<double>(data.src[static_cast<size_t>(((image * p.h + iy) * p.w + ix) * p.ic + i)]) *
            data.weights[static_cast<size_t>(((c * p.ic + i) * 3 + r) * 3 + s)];
        value += term;
        magnitude += std::abs(term);
      }
    }
  }
}

std::vector<float> run(const Problem& p, Data& data, const WinogradVariant& variant, GuardedFloats::Side side,
                       int threads, Rect region) {
  const WinogradConv conv(variant, choose_gemm(variant.isa), p.params(), data.weights.data(),
                          data.bias.data());
  GuardedFloats dst(static_cast<size_t>(p.n * p.oh() * p.ow() * p.oc), side);
  std::fill(dst.span().begin(), dst.span().end(), -77.0f);
  AlignedBuffer<float> scratch(conv.scratch_floats(threads, p.n, p.oh(), p.ow()));
  std::fill(scratch.begin(), scratch.end(), std::nanf(""));
  View<const float> residual;
  if (p.residual) residual = dense_view<const float>(data.residual.data(), p.n, p.oh(), p.ow(), p.oc);
  conv.run(dense_view<const float>(data.src.data(), p.n, p.h, p.w, p.ic),
           dense_view(dst.data(), p.n, p.oh(), p.ow(), p.oc), residual, p.epilogue, region, threads,
           scratch.data());
  EXPECT_TRUE(dst.intact()) << variant.name;
  return {dst.span().begin(), dst.span().end()};
}

void expect_close(const Problem& p, Data& data, const std::vector<float>& found,
                  const WinogradVariant& variant) {
  for (int image = 0; image < p.n; ++image) {
    for (int y = 0; y < p.oh(); ++y) {
      for (int x = 0; x < p.ow(); ++x) {
        for (int c = 0; c < p.oc; ++c) {
          const size_t i = static_cast<size_t>(((image * p.oh() + y) * p.ow() + x) * p.oc + c);
          double want = 0, magnitude = 0;
          oracle(p, data, image, y, x, c, want, magnitude);
          const double residual = p.residual ? data.residual[i] : 0;
          if (p.epilogue.residual_first) want += residual;
          if (p.epilogue.activation == Activation::leaky_relu && want < 0) want *= p.epilogue.slope;
          if (p.epilogue.activation == Activation::sigmoid) want = 1 / (1 + std::exp(-want));
          if (!p.epilogue.residual_first) want += residual;
          // Over random data the errors of F(4x4, 3x3) stay below a few hundred units in the last place of
          // the terms' root sum of squares, which is magnitude / sqrt(terms), those of F(6x6, 3x3) below
          // twice as many.
          const double terms = 9.0 * p.ic, units = variant.tile == 6 ? 600 : 300;
          const double tolerance = units * 0x1p-24 * (magnitude / std::sqrt(terms) + std::abs(want) + 1);
          ASSERT_NEAR(found[i], want, tolerance)
              << variant.name << " at " << image << "," << y << "," << x << "," << c;
        }
      }
    }
  }
}

std::vector<Problem> problems() {
  std::vector<Problem> list;
  for (const int h : {3, 4, 6, 7, 10, 13}) {
    for (const int w : {3, 5, 6, 9, 11, 30}) list.push_back({h, w, 16, 16});
  }
  for (const int ic : {16, 17, 19, 23, 31, 32, 33, 40}) list.push_back({9, 8, ic, 16});
  for (const int oc : {16, 17, 21, 27, 31, 32, 33, 47, 64, 65}) list.push_back({8, 9, 16, oc});
  for (int pad = 0; pad < 16; ++pad) {
    list.push_back({5, 6, 16, 18, pad & 1, (pad >> 1) & 1, (pad >> 2) & 1, (pad >> 3) & 1});
  }
  // Tiles enough for whole rows of GEMM tiles beside panels that are not full.
  list.push_back({26, 28, 16, 21});
  list.push_back({50, 50, 16, 45});
  list.push_back({50, 51, 16, 12});
  list.push_back({4, 3, 16, 16, 5, 6, 7, 4});
  list.push_back({1, 1, 16, 16, 1, 1, 1, 1});
  list.push_back({7, 9, 20, 24, 1, 1, 1, 1, {Activation::leaky_relu, 0.1f}});
  list.push_back({7, 9, 20, 24, 1, 1, 1, 1, {Activation::leaky_relu, 0.1f}, true});
  list.push_back({7, 9, 20, 24, 1, 1, 1, 1, {Activation::leaky_relu, 0.1f, true}, true});
  list.push_back({7, 9, 20, 24, 0, 0, 0, 0, {Activation::sigmoid, 0.0f, true}, true});
  list.push_back({7, 9, 20, 24, 1, 0, 1, 0, {}, true, 2});
  return list;
}

// Of both tiles, those that this CPU can run.
std::vector<WinogradVariant> all_variants() {
  std::vector<WinogradVariant> list;
  for (const int tile : {2, 4, 6}) {
    for (const WinogradVariant& variant : winograd_variants(tile)) {
      if (variant.isa <= supported_isas().back()) list.push_back(variant);
    }
  }
  return list;
}

TEST(Winograd, EveryVariantMatchesTheOracleAroundEveryEdge) {
  for (const WinogradVariant& variant : all_variants()) {
    for (const Problem& p : problems()) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        Data data(p, side);
        expect_close(p, data, run(p, data, variant, side, 1, {0, 0, p.oh(), p.ow()}), variant);
        if (HasFatalFailure()) return;
      }
    }
  }
}

void expect_same_bits_everywhere(const Problem& p) {
  for (const WinogradVariant& variant : all_variants()) {
    const int tile = variant.tile;
    const auto side = GuardedFloats::Side::guard_after;
    Data data(p, side);
    const std::vector<float> whole = run(p, data, variant, side, 1, {0, 0, p.oh(), p.ow()});
    for (const int threads : {2, 3, 7}) {
      EXPECT_TRUE(run(p, data, variant, side, threads, {0, 0, p.oh(), p.ow()}) == whole) << variant.name;
    }
    for (const Rect region :
         {Rect{0, 0, 5, p.ow()}, Rect{2 * tile, tile, p.oh(), p.ow()}, Rect{12, 12, 23, 18},
          Rect{(p.oh() - 1) / tile * tile, (p.ow() - 1) / tile * tile, p.oh(), p.ow()}}) {
      const std::vector<float> part = run(p, data, variant, side, 3, region);
      for (int image = 0; image < p.n; ++image) {
        for (int y = 0; y < p.oh(); ++y) {
          for (int x = 0; x < p.ow(); ++x) {
            const bool inside = y >= region.y0 && y < region.y1 && x >= region.x0 && x < region.x1;
            for (int c = 0; c < p.oc; ++c) {
              const size_t i = static_cast<size_t>(((image * p.oh() + y) * p.ow() + x) * p.oc + c);
              ASSERT_EQ(part[i], inside ? whole[i] : -77.0f)
                  << variant.name << " at " << y << "," << x << "," << c;
            }
          }
        }
      }
    }
  }
}

TEST(Winograd, ThreadsAndRegionsDoNotShow) {
  expect_same_bits_everywhere({61, 47, 33, 40, 1, 1, 1, 1, {Activation::leaky_relu, 0.1f}, true, 2});
  // Few tiles: those that are multiplied all at once.
  expect_same_bits_everywhere({25, 21, 33, 72, 1, 1, 1, 1, {Activation::leaky_relu, 0.1f}, true, 2});
}

void expect_same_bits_of_a_view(const WinogradVariant& variant) {
  const Problem p{40, 40, 16, 16};
  const auto side = GuardedFloats::Side::guard_after;
  Data data(p, side);
  const std::vector<float> whole = run(p, data, variant, side, 1, {0, 0, p.oh(), p.ow()});

  // Rows and columns 12 to 38 of the source, with gaps between pixels and rows, in memory of their
  // own.
  constexpr int kRows = 26, kColumns = 26, kPixel = 19, kRow = kColumns * kPixel + 5;
  std::vector<float> part(kRows * kRow, std::nanf(""));
  for (int y = 0; y < kRows; ++y) {
    for (int x = 0; x < kColumns; ++x) {
      std::copy_n(data.src.data() + ((y + 12) * p.w + x + 12) * p.ic, p.ic,
                  part.data() + y * kRow + x * kPixel);
    }
  }
  const View<const float> src{part.data(), 1, p.h, p.w, p.ic, 12, 12, 0, kRow, kPixel};
  const Rect region{12, 12, 36, 36};
  std::vector<float> out(24 * 24 * 16);
  const View<float> dst{out.data(), 1, p.oh(), p.ow(), p.oc, 12, 12, 0, 24 * 16, 16};
  const WinogradConv conv(variant, choose_gemm(variant.isa), p.params(), data.weights.data(),
                          data.bias.data());
  AlignedBuffer<float> scratch(conv.scratch_floats(2, 1, p.oh(), p.ow()));
  conv.run(src, dst, {}, {}, region, 2, scratch.data());
  for (int y = region.y0; y < region.y1; ++y) {
    for (int x = region.x0; x < region.x1; ++x) {
      for (int c = 0; c < p.oc; ++c) {
        ASSERT_EQ(dst.at(0, y, x)[c], whole[static_cast<size_t>((y * p.ow() + x) * p.oc + c)])
            << y << "," << x;
      }
    }
  }
}

TEST(Winograd, AViewOfAPartOfTheMapGivesTheSameBits) {
  for (const int tile : {2, 4, 6}) expect_same_bits_of_a_view(choose_winograd(active_isa(), tile));
}

// Kernels of either layout, scaled or not, as the reference transforms them, bit for bit.
TEST(Winograd, KernelsAreThoseOfTheReference) {
  constexpr int kChannels = 5;
  for (const int tile : {2, 4, 6}) {
    const WinogradVariant& reference = winograd_variants(tile).back();
    for (const WinogradVariant& variant : test::runnable(winograd_variants(tile))) {
      for (const int columns : {1, 7, 8, 12, 16, 27, 32}) {
        const int panel = (columns + 15) / 16 * 16;
        GuardedFloats src(static_cast<size_t>(9 * kChannels * columns), GuardedFloats::Side::guard_after);
        for (size_t i = 0; i < src.size(); ++i) src.data()[i] = static_cast<float>(i * 37 % 101) / 101 - 0.4f;
        std::vector<double> factors;
        for (int j = 0; j < columns; ++j) factors.push_back(0.3 + 0.11 * j);
        for (const bool deep : {false, true}) {
          for (const bool scaled : {false, true}) {
            const auto floats = static_cast<size_t>(winograd_points(tile) * kChannels * panel);
            std::vector<float> want(floats, 7.0f), got(floats, 8.0f);
            WinogradKernels args{src.data(),
                                 deep ? 9 * kChannels : 1,
                                 deep ? 9 : columns,
                                 deep ? 1 : columns * kChannels,
                                 scaled ? factors.data() : nullptr,
                                 kChannels,
                                 columns,
                                 panel,
                                 want.data(),
                                 int64_t{kChannels} * panel};
            EXPECT_FALSE(reference.kernels(args));
            args.dst = got.data();
            EXPECT_FALSE(variant.kernels(args));
            ASSERT_EQ(got, want) << variant.name << " columns " << columns;
            float& last = src.data()[src.size() - 1];
            const float kept = std::exchange(last, INFINITY);
            EXPECT_TRUE(variant.kernels(args)) << variant.name << " columns " << columns;
            last = kept;
          }
        }
      }
    }
  }
}

TEST(Winograd, SaysWhyItDeclines) {
  const ConvParams fits{.ic = 16, .oc = 16, .kh = 3, .kw = 3};
  EXPECT_EQ(winograd_declines(fits), nullptr);
  const auto declines = [&](auto change) {
    ConvParams params = fits;
    change(params);
    return winograd_declines(params) != nullptr;
  };
  EXPECT_TRUE(declines([](ConvParams& p) { p.kh = 2; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.kw = 5; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.sh = 2; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.dw = 2; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.groups = 2; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.ic = 3; }));
  EXPECT_TRUE(declines([](ConvParams& p) { p.oc = 3; }));
}

}  // namespace
}  // namespace ink
