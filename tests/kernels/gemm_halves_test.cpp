#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/base/half.h"
#include "kernels/gemm/gemm.h"
#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::GuardedFloats;

constexpr DType kHalves[] = {DType::f16, DType::bf16};

float widened(uint16_t bits, DType dtype) {
  return dtype == DType::bf16 ? bf16_to_f32(bits) : f16_to_f32(bits);
}

uint32_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }

TEST(GemmWiden, GivesEveryHalfExactly) {
  std::vector<uint16_t> all(1 << 16);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const DType dtype : kHalves) {
      std::vector<float> got(all.size());
      variant.widen({all.data(), got.data(), static_cast<int64_t>(all.size()), dtype == DType::bf16});
      for (size_t i = 0; i < all.size(); ++i) {
        const float want = widened(all[i], dtype);
        if (std::isnan(want)) {
          ASSERT_TRUE(std::isnan(got[i])) << variant.name << " " << i;
        } else {
          ASSERT_EQ(bits_of(got[i]), bits_of(want)) << variant.name << " " << dtype_name(dtype) << " " << i;
        }
      }
    }
  }
}

TEST(GemmWiden, TouchesNothingElse) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (int count = 0; count <= 5 * variant.lanes; count += variant.lanes) {
      for (const auto side : {GuardedFloats::Side::guard_after, GuardedFloats::Side::guard_before}) {
        GuardedFloats src(static_cast<size_t>(count / 2), side), dst(static_cast<size_t>(count), side);
        test::fill_random(src.span(), 1);
        std::vector<uint16_t> halves(static_cast<size_t>(count));
        if (count > 0) std::memcpy(halves.data(), src.data(), halves.size() * 2);
        variant.widen({reinterpret_cast<const uint16_t*>(src.data()), dst.data(), count, true});
        for (size_t i = 0; i < halves.size(); ++i)
          ASSERT_EQ(bits_of(dst[i]), bits_of(bf16_to_f32(halves[i])));
        ASSERT_TRUE(src.intact() && dst.intact());
      }
    }
  }
}

TEST(GemmPack, PutsEveryElementInItsPlace) {
  for (const size_t bytes : {sizeof(float), sizeof(uint16_t)}) {
    for (int n = 1; n <= 33; ++n) {
      for (const int k : {1, 3, 4, 7, 8, 15, 16, 17, 40}) {
        for (const bool transposed : {false, true}) {
          const int64_t n_stride = transposed ? k + 3 : 1, k_stride = transposed ? 1 : n + 2;
          // One byte off any alignment, and not a byte behind the last element.
          const auto elements = static_cast<size_t>((n - 1) * n_stride + (k - 1) * k_stride + 1);
          std::vector<unsigned char> src(elements * bytes + 1);
          for (size_t i = 0; i < src.size(); ++i) src[i] = static_cast<unsigned char>(i * 37 + i / 256);
          GuardedFloats guarded((src.size() + 3) / 4, GuardedFloats::Side::guard_after);
          unsigned char* at =
              reinterpret_cast<unsigned char*>(guarded.data() + guarded.size()) - elements * bytes;
          std::memcpy(at, src.data(), elements * bytes);
          const int step = n + 5;
          std::vector<unsigned char> dst(static_cast<size_t>(k * step) * bytes, 0xee);
          const GemmPackArgs args{at, n_stride, k_stride, k, n, dst.data(), step};
          bytes == sizeof(float) ? gemm_pack_floats(args) : gemm_pack_halves(args);
          for (int kk = 0; kk < k; ++kk) {
            for (int j = 0; j < step; ++j) {
              const unsigned char* got = &dst[static_cast<size_t>(kk * step + j) * bytes];
              const std::vector<unsigned char> untouched(bytes, 0xee);
              const unsigned char* want =
                  j < n ? at + (kk * k_stride + j * n_stride) * static_cast<int64_t>(bytes)
                        : untouched.data();
              ASSERT_EQ(std::memcmp(got, want, bytes), 0)
                  << "k " << kk << " of " << k << " n " << j << " of " << n;
            }
          }
        }
      }
    }
  }
}

// Every way to pack gives the bits of the plain one, and tells of the one value that is not finite.
TEST(GemmPack, ScalesAndMovesRowsAlike) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const int n : {1, 5, 14, 16, 31, 32}) {
      for (const int k : {1, 8, 15, 16, 33, 150}) {
        for (const bool deep : {false, true}) {
          const int64_t n_stride = deep ? k + 3 : 1, k_stride = deep ? 1 : n + 2;
          const auto elements = static_cast<size_t>((n - 1) * n_stride + (k - 1) * k_stride + 1);
          GuardedFloats src(elements, GuardedFloats::Side::guard_after);
          std::vector<float> values(elements);
          test::fill_random(values, 1);
          std::copy(values.begin(), values.end(), src.data());
          std::vector<double> factors;
          std::vector<int32_t> rows;
          for (int j = 0; j < n; ++j) factors.push_back(0.1 + 0.37 * j);
          for (int kk = 0; kk < k; ++kk) rows.push_back(k - 1 - kk);
          for (const bool scaled : {false, true}) {
            for (const bool moved : {false, true}) {
              for (const size_t bad : {elements, elements - 1, size_t{0}}) {
                if (bad < elements) src.data()[bad] = bad == 0 ? -kInfinity : std::nanf("");
                std::vector<float> dst(static_cast<size_t>(k * (n + 3)), -7.0f);
                const bool found =
                    variant.pack({src.data(), n_stride, k_stride, k, n, dst.data(), n + 3,
                                  scaled ? factors.data() : nullptr, moved ? rows.data() : nullptr});
                EXPECT_EQ(found, bad < elements) << variant.name << " n " << n << " k " << k;
                for (int kk = 0; kk < k; ++kk) {
                  const float* row = &dst[static_cast<size_t>((moved ? k - 1 - kk : kk) * (n + 3))];
                  for (int j = 0; j < n + 3; ++j) {
                    const float value = j < n ? src.data()[kk * k_stride + j * n_stride] : -7.0f;
                    const float want =
                        scaled && j < n ? static_cast<float>(value * factors[static_cast<size_t>(j)]) : value;
                    if (std::isnan(want)) {
                      ASSERT_TRUE(std::isnan(row[j]));
                    } else {
                      ASSERT_EQ(bits_of(row[j]), bits_of(want)) << variant.name << " n " << n << " k " << k;
                    }
                  }
                }
                if (bad < elements) src.data()[bad] = values[bad];
              }
            }
          }
        }
      }
    }
  }
}

// Panels of 16 bits give the bits of the same weights in 32, whatever m, n, k, threads and epilogue are.
TEST(Gemm, HalvesGiveTheBitsOfTheirFloats) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const DType dtype : kHalves) {
      for (const int k : {0, 1, 127, 128, 129, 700}) {
        // The reference rounds its double between two stretches of the depth.
        if (variant.isa == Isa::reference && k > 128) continue;
        for (const int n : {1, variant.nr, variant.nr + variant.lanes + 1}) {
          const auto count = static_cast<size_t>(k * n);
          std::vector<uint16_t> halves(count);
          std::vector<float> floats(count), values(count), bias(static_cast<size_t>(n));
          test::fill_random(values, 1);
          test::fill_random(bias, 2);
          for (size_t i = 0; i < count; ++i) {
            halves[i] =
                dtype == DType::f16 ? f32_to_f16(values[i]) : static_cast<uint16_t>(bits_of(values[i]) >> 16);
            floats[i] = widened(halves[i], dtype);
          }
          const GemmPanels wide(variant, k, n, floats.data(), 1, k, bias.data());
          GemmPanels narrow(variant, k, n, dtype);
          // In two parts, of which one begins within a panel.
          const int first = n / 3;
          narrow.pack(0, first, halves.data(), 1, k);
          narrow.pack(first, n - first, halves.data() + first * k, 1, k);
          std::copy(bias.begin(), bias.end(), narrow.mutable_bias());
          EXPECT_LT(narrow.bytes(), wide.bytes() - count * 2 + 1);
          for (const int m : {1, variant.mr, 3 * variant.mr + 1, 40 * variant.mr}) {
            std::vector<float> src(static_cast<size_t>(m * k)), want(static_cast<size_t>(m * n)),
                residual(want.size());
            test::fill_random(src, 3);
            test::fill_random(residual, 4);
            const auto run = [&](const GemmPanels& panels, int threads) {
              // In place of the residual, which the last stretch alone may overwrite.
              std::vector<float> dst = residual;
              gemm_run(variant, panels, dense_view<const float>(src.data(), 1, 1, m, k),
                       dense_view(dst.data(), 1, 1, m, n), dense_view<const float>(dst.data(), 1, 1, m, n),
                       {Activation::gelu, 0, m % 2 == 0}, threads);
              return dst;
            };
            want = run(wide, 1);
            for (const int threads : {1, 3}) {
              ASSERT_EQ(run(narrow, threads), want) << variant.name << " " << m << "x" << n << "x" << k;
            }
          }
        }
      }
    }
  }
}

TEST(GemmPanels, ScaleMultipliesColumnsAndBias) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    const int k = 3, n = variant.nr + 2;
    std::vector<float> weights(static_cast<size_t>(k * n)), bias(static_cast<size_t>(n), 3.0f);
    test::fill_random(weights, 1);
    const GemmPanels plain(variant, k, n, weights.data(), n, 1, bias.data());
    GemmPanels scaled(variant, k, n, weights.data(), n, 1, bias.data());
    const std::vector<float> factors = {2.0f, 0.5f, -1.0f};
    const int first = variant.nr - 1;
    scaled.scale(first, factors);
    for (int j = 0; j < n; ++j) {
      const int panel = j / variant.nr, column = j % variant.nr;
      const float factor = j >= first && j < first + 3 ? factors[static_cast<size_t>(j - first)] : 1.0f;
      EXPECT_EQ(scaled.bias(panel)[column], 3 * factor);
      for (int kk = 0; kk < k; ++kk) {
        const int at = kk * plain.width(panel) + column;
        EXPECT_EQ(scaled.weights(panel)[at], plain.weights(panel)[at] * factor);
      }
    }
  }
}

}  // namespace
}  // namespace ink
