#ifdef INK_OPENBLAS

#include <cblas.h>

#include <algorithm>

#include "kernels/base/aligned_buffer.h"
#include "kernels/gemm/gemm_tile.h"

namespace ink {
namespace {

constexpr int kRows = 14, kColumns = 32;
// Rows are gathered this far at a time, whatever taps they come from: the sums depend on the depth alone. It
// divides the depth at which panels of 16 bits are widened.
constexpr int kDepth = 128;

// Floats of a row of the left matrix, which is its taps one after another.
void gather(const GemmTileArgs& args, const float* src, int first, int count, float* dst) {
  for (int t = first / args.run, k = first % args.run; count > 0; ++t, k = 0) {
    const int taken = std::min(count, args.run - k);
    dst = std::copy_n(src + args.taps[t] + k, taken, dst);
    count -= taken;
  }
}

}  // namespace

void gemm_tile_14x32_openblas(const GemmTileArgs& args) {
  // A tile is a thread's share already.
  static const bool serial = (openblas_set_num_threads(1), true);
  static_cast<void>(serial);
  alignas(kAlignment) float sums[kRows * kColumns];
  alignas(kAlignment) float rows[kRows * kDepth];
  for (int i = 0; i < args.m; ++i) {
    std::copy_n(args.sums == nullptr ? args.bias : args.sums + i * args.sums_step, args.panel,
                sums + i * kColumns);
  }
  const int depth = args.tap_count * args.run;
  for (int k = 0; k < depth; k += kDepth) {
    const int steps = std::min(kDepth, depth - k);
    for (int i = 0; i < args.m; ++i) gather(args, args.src + i * args.src_step, k, steps, rows + i * steps);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, args.m, args.panel, steps, 1, rows, steps,
                args.packed + static_cast<int64_t>(k) * args.panel, args.panel, 1, sums, kColumns);
  }
  for (int i = 0; i < args.m; ++i) {
    for (int j = 0; j < args.n; ++j) {
      const float residual = args.residual == nullptr ? 0.0f : args.residual[i * args.residual_step + j];
      args.dst[i * args.dst_step + j] = finish(sums[i * kColumns + j], residual, args.epilogue);
    }
  }
}

}  // namespace ink

#endif
