#include "bench/kernels/opponents.h"

#include <dlfcn.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench/kernels/cases.h"
#include "bench/kernels/samples.h"
#include "kernels/gemm/gemm.h"

namespace ink::bench {
namespace {

// Of their public C interfaces.
constexpr int kRowMajor = 101, kNoTranspose = 111;
using CblasSgemm = void(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                        const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
using DnnlSgemm = int(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                      const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
                      int64_t ldc);
struct DnnlVersion {
  int major, minor, patch;  // and more
};

CblasSgemm* cblas_sgemm = nullptr;
void (*openblas_set_num_threads)(int) = nullptr;
DnnlSgemm* dnnl_sgemm = nullptr;
void (*omp_set_num_threads)(int) = nullptr;  // of the OpenMP that oneDNN runs on

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

void openblas_product(int64_t m, int64_t n, int64_t k, const float* src, const float* weights, float* dst,
                      int threads) {
  openblas_set_num_threads(threads);
  const auto size = [](int64_t value) { return static_cast<int>(value); };
  cblas_sgemm(kRowMajor, kNoTranspose, kNoTranspose, size(m), size(n), size(k), 1, src, size(k), weights,
              size(n), 0, dst, size(n));
}

void dnnl_product(int64_t m, int64_t n, int64_t k, const float* src, const float* weights, float* dst,
                  int threads) {
  omp_set_num_threads(threads);
  dnnl_sgemm('N', 'N', m, n, k, 1, src, k, weights, n, 0, dst, n);
}

std::vector<ProductLibrary> find_libraries() {
  std::vector<ProductLibrary> found;
  // Its idle threads would spin into the run of whoever comes next.
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
  if (void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL)) {
    const char* (*config)() = nullptr;
    if (find(library, "cblas_sgemm", cblas_sgemm) &&
        find(library, "openblas_set_num_threads", openblas_set_num_threads) &&
        find(library, "openblas_get_config", config)) {
      found.push_back({"openblas", config(), openblas_product});
    }
  }
  for (const char* name : {"libdnnl.so.3", "libdnnl.so.2"}) {
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    const DnnlVersion* (*version)() = nullptr;
    if (library == nullptr || !find(library, "dnnl_sgemm", dnnl_sgemm) ||
        !find(library, "dnnl_version", version) || !find(library, "omp_set_num_threads", omp_set_num_threads))
      continue;
    const DnnlVersion& v = *version();
    found.push_back(
        {"onednn",
         "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch),
         dnnl_product});
    break;
  }
  return found;
}

}  // namespace

std::span<const ProductLibrary> product_libraries() {
  static const std::vector<ProductLibrary> found = find_libraries();
  return found;
}

const ProductLibrary* find_product_library(std::string_view name) {
  for (const ProductLibrary& library : product_libraries()) {
    if (library.name == name) return &library;
  }
  return nullptr;
}

void add_opponents(const std::string& kernel, const std::string& shape, int64_t m, int64_t n, int64_t k) {
  for (const char* name : {"openblas", "onednn"}) {
    const auto make = [=](int threads) {
      const auto product = find_product_library(name)->product;
      struct State {
        AlignedBuffer<float> src, weights, dst;
      };
      auto state = std::make_shared<State>(
          State{sample_buffer(m * k, 1), sample_buffer(k * n, static_cast<int>(k)),
                AlignedBuffer<float>(static_cast<size_t>(m) * static_cast<size_t>(n))});
      const auto run = [=] {
        product(m, n, k, state->src.data(), state->weights.data(), state->dst.data(), threads);
      };
      const auto error = [=] {
        double largest = 0;
        for (const int64_t i : {int64_t{0}, m - 1}) {
          for (int64_t j = 0; j < n; ++j) {
            double want = 0;
            for (int64_t kk = 0; kk < k; ++kk)
              want += static_cast<double>(state->src.data()[i * k + kk]) * state->weights.data()[kk * n + j];
            const double difference = std::abs(want - state->dst.data()[i * n + j]);
            if (!(difference <= largest)) largest = difference;
          }
        }
        return largest;
      };
      return ReadyCase{run, error};
    };
    add_case({.kernel = kernel,
              .shape = shape,
              .variant = name,
              .isa = std::nullopt,
              .flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k),
              .tolerance = kSumTolerance,
              .make = make});
  }
}

}  // namespace ink::bench
