#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/gemm/gemm.h"
#include "tests/harness/arrangements.h"

namespace ink {
namespace {

std::vector<float> randoms(int64_t count, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  test::fill_random(values, seed);
  return values;
}

TEST(GemmInterleaved, TilesGiveTheBitsOfRows) {
  constexpr int64_t kNoOffset[] = {0};
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    if (!variant.interleaved) continue;
    for (const int k : {0, 1, 2, 3, 130}) {
      for (int m = 1; m <= variant.mr; ++m) {
        for (const int n : {variant.lanes - 1, variant.lanes, variant.nr - 1, variant.nr}) {
          const std::vector<float> src = randoms(int64_t{m} * k, 1), weights = randoms(int64_t{k} * n, 2),
                                   bias = randoms(n, 3);
          const GemmPanels panels(variant, k, n, weights.data(), n, 1, bias.data());
          test::GuardedFloats beside(src.size(), test::GuardedFloats::Side::guard_after);
          for (int i = 0; i < m; ++i) {
            for (int kk = 0; kk < k; ++kk)
              beside[static_cast<size_t>(kk * m + i)] = src[static_cast<size_t>(i * k + kk)];
          }
          std::vector<float> want(static_cast<size_t>(m * n)), got(want.size(), NAN);
          GemmTileArgs args{src.data(),
                            k,
                            kNoOffset,
                            1,
                            k,
                            panels.weights(0),
                            panels.width(0),
                            panels.bias(0),
                            want.data(),
                            n,
                            nullptr,
                            0,
                            m,
                            n,
                            {Activation::relu, 0, false}};
          variant.tile(args);
          args.src = beside.data();
          args.dst = got.data();
          args.interleaved = true;
          if (m % 2 == 0) args.ahead = panels.bytes_of(0), args.ahead_step = 32;
          variant.tile(args);
          ASSERT_EQ(got, want) << variant.name << " " << m << "x" << n << "x" << k;
        }
      }
    }
  }
}

// Whole products, of which some are worth a copy of their rows, deep ones among them.
TEST(GemmInterleaved, ProductsGiveTheSameBitsWithAScratch) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    if (variant.isa == Isa::reference) continue;  // never copies, and slow
    for (const DType dtype : {DType::f32, DType::bf16}) {
      for (const int k : {3, 1023, 2050}) {
        const int n = 512 + variant.lanes + 1;
        const std::vector<float> values = randoms(int64_t{k} * n, 1);
        GemmPanels panels(variant, k, n, dtype);
        if (dtype == DType::f32) {
          panels.pack(0, n, values.data(), n, 1);
        } else {
          std::vector<uint16_t> halves(values.size());
          for (size_t i = 0; i < halves.size(); ++i) {
            uint32_t bits;
            std::memcpy(&bits, &values[i], sizeof bits);
            halves[i] = static_cast<uint16_t>(bits >> 16);
          }
          panels.pack(0, n, halves.data(), n, 1);
        }
        for (const int m : {1, 4 * variant.mr - 1, 17 * variant.mr + 1}) {
          const int step = k + 5;
          const std::vector<float> src = randoms(int64_t{m} * step, 2);
          const auto run = [&](int threads, float* scratch) {
            std::vector<float> dst = randoms(int64_t{m} * n, 3);
            const View<float> view = dense_view(dst.data(), 1, 1, m, n);
            gemm_run(variant, panels, {src.data(), 1, 1, m, k, 0, 0, 0, 0, step}, view, view, {}, threads,
                     scratch);
            return dst;
          };
          const std::vector<float> want = run(1, nullptr);
          for (const int threads : {1, 3}) {
            const size_t floats = gemm_scratch_floats(variant, panels, m, threads);
            if (k == 3) {
              EXPECT_EQ(floats > 0, variant.interleaved && m > 3 * variant.mr);
            }
            test::GuardedFloats scratch(floats, test::GuardedFloats::Side::guard_after);
            ASSERT_EQ(run(threads, scratch.data()), want) << variant.name << " " << m << "x" << n << "x" << k;
            ASSERT_TRUE(scratch.intact());
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ink
