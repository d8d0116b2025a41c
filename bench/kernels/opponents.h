#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ink::bench {

// A library of matrix products that this machine has installed, found at run time: OpenBLAS (cblas_sgemm) and
// oneDNN (dnnl_sgemm).
struct ProductLibrary {
  std::string name;     // "openblas"
  std::string version;  // as the library says it
  // dst(m, n) = src(m, k) * weights(k, n), all by rows without gaps, on `threads` threads.
  void (*product)(int64_t m, int64_t n, int64_t k, const float* src, const float* weights, float* dst,
                  int threads);
};

std::span<const ProductLibrary> product_libraries();

// Adds the product (m, n, k) in each of them as a case. Bias and activation, which ours adds on the way, are
// spared them.
void add_opponents(const std::string& kernel, const std::string& shape, int64_t m, int64_t n, int64_t k);

}  // namespace ink::bench
