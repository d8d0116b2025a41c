#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ink::bench {

// A library of matrix products that this machine has installed, found at run time.
struct ProductLibrary {
  std::string name;     // "openblas" (cblas_sgemm) or "onednn" (dnnl_sgemm)
  std::string version;  // as the library says it
  // dst(m, n) = src(m, k) * weights(k, n), all by rows without gaps, on `threads` threads.
  void (*product)(int64_t m, int64_t n, int64_t k, const float* src, const float* weights, float* dst,
                  int threads);
};

// Loaded at the first call.
std::span<const ProductLibrary> product_libraries();
// nullptr: not installed.
const ProductLibrary* find_product_library(std::string_view name);

// Adds the product (m, n, k) in each of them, installed or not, as a case. Bias and activation, which ours
// adds on the way, are spared them.
void add_opponents(const std::string& kernel, const std::string& shape, int64_t m, int64_t n, int64_t k);

}  // namespace ink::bench
