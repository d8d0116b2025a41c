#include "kernels/bandwidth/bandwidth.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/caches.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/binary/binary.h"

namespace ink {

double measure_bandwidth(Isa limit, int threads, Storage storage) {
  constexpr int kRuns = 24;
  constexpr int64_t kInMemory = int64_t{192} << 20;  // of all threads
  const int64_t bytes =
      storage == Storage::memory ? kInMemory / threads : second_level_cache_bytes() / 2;  // of each
  constexpr int64_t kRow = 1024, kArrays = 3, kLeastMoved = int64_t{64} << 20;  // of a thread in a run
  const int64_t rows = std::max<int64_t>(1, bytes / kArrays / (kRow * 4)), floats = rows * kRow;
  const int64_t moved = floats * kArrays * 4, repeats = divide_up(kLeastMoved, moved);
  const BinaryVariant& variant = choose_binary(limit);
  std::vector<AlignedBuffer<float>> arrays(static_cast<size_t>(threads));
  double best = 0;
  with_workers(threads, [&] {
    // Each thread is the first to touch its own.
    parallel_for(threads, threads, [&](int64_t task, int) {
      auto& own = arrays[static_cast<size_t>(task)];
      own = AlignedBuffer<float>(static_cast<size_t>(kArrays * floats));
      std::ranges::fill(own, 1.0f);
    });
    for (int run = 0; run < kRuns; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      parallel_for(threads, threads, [&](int64_t task, int) {
        float* const own = arrays[static_cast<size_t>(task)].data();
        for (int64_t i = 0; i < repeats; ++i) {
          variant.row({.a = own,
                       .b = own + floats,
                       .dst = own + 2 * floats,
                       .pixels = rows,
                       .channels = kRow,
                       .a_stride = kRow,
                       .b_stride = kRow,
                       .dst_stride = kRow,
                       .b_is_scalar = false,
                       .op = BinaryOp::add,
                       .activation = Activation::none,
                       .slope = 0});
        }
      });
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      best = std::max(best, static_cast<double>(moved * repeats * threads) / seconds.count());
    }
  });
  return best;
}

}  // namespace ink
