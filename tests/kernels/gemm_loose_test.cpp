#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "kernels/gemm/gemm.h"
#include "tests/harness/arrangements.h"

namespace ink {
namespace {

constexpr DType kTypes[] = {DType::f32, DType::f16, DType::bf16};

// n rows of k values of any type, whose bytes begin at an odd address.
class Released {
 public:
  Released(DType dtype, int k, int n)
      : size_(dtype_size(dtype)), bytes_(static_cast<size_t>(k) * static_cast<size_t>(n) * size_ + 1) {
    std::vector<float> values((bytes_.size() - 1) / size_);
    test::fill_random(values, 1);
    for (size_t i = 0; i < values.size(); ++i) {
      uint32_t bits;
      std::memcpy(&bits, &values[i], sizeof(bits));
      // Finite ones, whatever 16 bits they are cut to.
      const auto half = static_cast<uint16_t>((bits >> 16) & 0xbfffu);
      std::memcpy(at(i), size_ == 2 ? static_cast<const void*>(&half) : &bits, size_);
    }
  }
  std::byte* at(size_t element) { return bytes_.data() + 1 + element * size_; }

 private:
  size_t size_;
  std::vector<std::byte> bytes_;
};

std::vector<float> run(const GemmVariant& variant, const GemmPanels& panels, int m, int threads) {
  std::vector<float> src(static_cast<size_t>(m * panels.k())), dst(static_cast<size_t>(m * panels.n()));
  test::fill_random(src, 2);
  AlignedBuffer<float> scratch(gemm_scratch_floats(variant, panels, m, threads));
  gemm_run(variant, panels, dense_view<const float>(src.data(), 1, 1, m, panels.k()),
           dense_view(dst.data(), 1, 1, m, panels.n()), {}, {Activation::gelu}, threads, scratch.data());
  return dst;
}

TEST(GemmLoose, GivesTheBitsOfPackedPanels) {
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    for (const DType dtype : kTypes) {
      for (const int k : {1, 15, 16, 67, 300}) {
        for (const int n : {1, 3 * variant.nr, 2 * variant.nr + variant.lanes + 1}) {
          Released released(dtype, k, n);
          // Parts that begin and end within a panel.
          const int first = n / 3;
          GemmPanels packed(variant, k, n, dtype);
          packed.pack(0, n, released.at(0), 1, k);
          std::vector<GemmColumns> columns = {
              {released.at(0), first},
              {released.at(static_cast<size_t>(first) * static_cast<size_t>(k)), n - first}};
          GemmPanels loose(variant, k, n, dtype, columns, nullptr);
          for (int j = 0; j < n; ++j) {
            packed.mutable_bias()[j] = loose.mutable_bias()[j] = static_cast<float>(j % 7) - 3;
          }
          EXPECT_LE(loose.bytes(), static_cast<size_t>(n + variant.nr) * sizeof(float));
          for (const int m : {1, 2 * variant.mr - 1, 50 * variant.mr}) {
            const std::vector<float> want = run(variant, packed, m, 1);
            for (const int threads : {1, 3}) {
              ASSERT_EQ(run(variant, loose, m, threads), want)
                  << variant.name << " " << m << "x" << n << "x" << k;
            }
          }
          EXPECT_FALSE(loose.loose()->saw_non_finite());
        }
      }
    }
  }
}

TEST(GemmLoose, SeesEveryValueThatIsNoNumber) {
  const GemmVariant& variant = gemm_variants().front();
  if (test::runnable(gemm_variants()).front().isa != variant.isa) GTEST_SKIP();
  const int k = 37, n = variant.nr + 5;
  for (const DType dtype : kTypes) {
    for (const size_t bad :
         {size_t{0}, size_t{36}, static_cast<size_t>(k * variant.nr), static_cast<size_t>(k * n - 1)}) {
      for (const uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xff800001u}) {
        Released released(dtype, k, n);
        uint16_t half = static_cast<uint16_t>(bits >> 16);
        if (dtype == DType::f16) half = static_cast<uint16_t>((half & 0x8000u) | 0x7c00u | (bits & 1u));
        if (dtype == DType::bf16) half = static_cast<uint16_t>(half | (bits & 1u));
        std::memcpy(released.at(bad), dtype == DType::f32 ? static_cast<const void*>(&bits) : &half,
                    dtype_size(dtype));
        const GemmPanels loose(variant, k, n, dtype, {{released.at(0), n}}, nullptr);
        run(variant, loose, 1, 1);
        EXPECT_TRUE(loose.loose()->saw_non_finite()) << dtype_name(dtype) << " " << bad << " " << bits;
      }
    }
  }
}

}  // namespace
}  // namespace ink
