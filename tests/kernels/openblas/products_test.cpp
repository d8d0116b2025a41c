#include <cblas.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

#include "kernels/gemm/gemm.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/expected.h"

namespace ink {
namespace {

using Size = std::tuple<int, int, int>;  // m, n, k

// The products of a file of bench/shapes, 1x1 convolutions of whole maps among them.
void read_products(const std::string& network, std::set<Size>& sizes) {
  std::ifstream file(std::string(INK_SHAPES_DIR) + "/" + network + ".txt");
  ASSERT_TRUE(file) << network;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name, kind;
    int ih = 0, iw = 0, ic = 0, oc = 0, kernel = 0, stride = 0;
    if (line.starts_with('#') || !(fields >> name >> kind >> ih >> iw >> ic >> oc >> kernel >> stride))
      continue;
    if (kind != "deconv" && kernel == 1 && stride == 1) sizes.insert({ih * iw, oc, ic});
  }
}

std::vector<float> multiply(const Size& size, const std::vector<float>& a, const std::vector<float>& b) {
  const auto [m, n, k] = size;
  std::vector<float> c(static_cast<size_t>(m) * static_cast<size_t>(n));
  openblas_set_num_threads(1);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a.data(), k, b.data(), n, 0, c.data(),
              n);
  return c;
}

std::vector<float> magnitudes(std::vector<float> values) {
  for (float& value : values) value = std::abs(value);
  return values;
}

// Two sums of k products, each in its own order and with its own roundings: either may be off by the bound of
// the other tests.
void compare(const Size& size, int threads) {
  const auto [m, n, k] = size;
  const std::vector<float> a = test::random_floats({1, 1, m, k}, 1), b = test::random_floats({1, 1, k, n}, 2),
                           want = multiply(size, a, b),
                           magnitude = multiply(size, magnitudes(a), magnitudes(b));
  for (const GemmVariant& variant : test::runnable(gemm_variants())) {
    if (variant.isa == Isa::reference) continue;  // which is an oracle itself, and slow
    const GemmPanels panels(variant, k, n, b.data(), n, 1, nullptr);
    std::vector<float> got(want.size(), NAN);
    gemm_run(variant, panels, dense_view(a.data(), 1, 1, m, k), dense_view(got.data(), 1, 1, m, n), {}, {},
             threads);
    for (size_t i = 0; i < got.size(); ++i) {
      const double bound = 4 * (k + 2) * test::kRounding * magnitude[i];
      ASSERT_TRUE(std::abs(static_cast<double>(got[i]) - want[i]) <= bound)
          << variant.name << " " << m << "x" << n << "x" << k << ": " << got[i] << " at " << i
          << ", OpenBLAS has " << want[i];
    }
  }
}

TEST(OpenBlas, AgreesOnTheProductsOfNetworks) {
  std::set<Size> sizes;
  for (const char* network : {"clip_l14_text_20", "distiluse_16", "resnet50", "vit_l16"})
    read_products(network, sizes);
  ASSERT_GT(sizes.size(), 20u);
  for (const Size& size : sizes) compare(size, 2);
}

TEST(OpenBlas, AgreesOnOddSizes) {
  for (const int m : {1, 15, 97, 253}) {
    for (const int n : {1, 17, 33, 101}) {
      for (const int k : {1, 63, 257, 1500}) compare({m, n, k}, 3);
    }
  }
}

}  // namespace
}  // namespace ink
