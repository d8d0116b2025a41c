#include "bench/kernels/opponents.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench/kernels/onednn.h"
#include "bench/kernels/plain_layer.h"

namespace ink::bench {
namespace {

// Of its public C interface.
constexpr int kRowMajor = 101, kNoTranspose = 111;
using CblasSgemm = void(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                        const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);

CblasSgemm* cblas_sgemm = nullptr;
void (*openblas_set_num_threads)(int) = nullptr;

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

std::vector<Library> find_libraries() {
  std::vector<Library> found;
  // Its idle threads would spin into the run of whoever comes next.
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
  if (void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL)) {
    const char* (*config)() = nullptr;
    if (find(library, "cblas_sgemm", cblas_sgemm) &&
        find(library, "openblas_set_num_threads", openblas_set_num_threads) &&
        find(library, "openblas_get_config", config)) {
      found.push_back({"openblas", config()});
    }
  }
#ifdef INK_ONEDNN
  found.push_back({"onednn", onednn_version()});
#endif
  return found;
}

// Weights lie by rows of one input each.
ReadyCase ready_openblas(const Layer& layer, Precision, int threads) {
  struct State {
    AlignedBuffer<float> src, weights, dst;
  };
  const int m = layer.ih * layer.iw, n = layer.oc, k = layer.ic;
  auto state =
      std::make_shared<State>(State{sample_buffer(int64_t{m} * k, 1), sample_buffer(int64_t{k} * n, k),
                                    AlignedBuffer<float>(static_cast<size_t>(int64_t{m} * n))});
  const auto run = [=] {
    openblas_set_num_threads(threads);
    cblas_sgemm(kRowMajor, kNoTranspose, kNoTranspose, m, n, k, 1, state->src.data(), k,
                state->weights.data(), n, 0, state->dst.data(), n);
  };
  const auto error = [=] {
    return plain_difference(layer, state->src.data(), state->dst.data(), [&](int o, int i, int, int) {
      return state->weights[static_cast<size_t>(int64_t{i} * n + o)];
    });
  };
  return {run, error};
}

}  // namespace

std::span<const Library> libraries() {
  static const std::vector<Library> found = find_libraries();
  return found;
}

bool has_library(std::string_view name) { return std::ranges::count(libraries(), name, &Library::name) > 0; }

void limit_libraries(Isa isa) {
  if (isa == supported_isas().back()) return;
  const Isa set = float_isa(isa);
  const char* core = set == Isa::avx512 ? "SKYLAKEX" : set == Isa::avx2 ? "HASWELL" : "NEHALEM";
  setenv("OPENBLAS_CORETYPE", core, 1);
#ifdef INK_ONEDNN
  limit_onednn(isa);
#endif
}

void add_opponents(const Case& about, const Layer& layer) {
  const auto add = [&](const char* name, ReadyCase (*ready)(const Layer&, Precision, int)) {
    Case opponent = about;
    opponent.variant = name;
    opponent.isa = std::nullopt;
    opponent.make = [=, precision = about.precision](int threads) {
      return ready(layer, precision, threads);
    };
    add_case(std::move(opponent));
  };
  if (layer.is_product() && about.precision == Precision::f32) add("openblas", ready_openblas);
#ifdef INK_ONEDNN
  add("onednn", ready_onednn);
#endif
}

}  // namespace ink::bench
