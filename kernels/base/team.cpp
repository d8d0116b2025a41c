#include "kernels/base/team.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ink {
namespace {

// Returns when `value` is no longer `old`. A thousand pauses are 10 to 50 us: longer than the gap between two
// kernels of a network, short beside a scheduler's time slice.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
  for (int i = 0; i < 1000; ++i) {
    if (const T now = value.load(std::memory_order_acquire); now != old) return now;
#if defined(__SSE2__)
    _mm_pause();
#endif
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

void Team::run(int workers, FunctionRef<void(int)> job) {
  job_ = &job;
  job_workers_ = workers;
  inside_.store(kOpen, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  job(0);
  for (int inside = inside_.fetch_sub(kOpen, std::memory_order_acq_rel) - kOpen; inside != 0;)
    inside = wait_for_change(inside_, inside);
}

void Team::dismiss() {
  dismissed_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
}

bool Team::enter() {
  int inside = inside_.load(std::memory_order_relaxed);
  while ((inside & kOpen) != 0) {
    if (inside_.compare_exchange_weak(inside, inside + 1, std::memory_order_acquire,
                                      std::memory_order_relaxed))
      return true;
  }
  return false;
}

void Team::leave() {
  if (inside_.fetch_sub(1, std::memory_order_acq_rel) == 1) inside_.notify_one();
}

void Team::serve(int index) {
  for (uint32_t seen = 0;;) {
    seen = wait_for_change(generation_, seen);
    if (dismissed_.load(std::memory_order_relaxed)) return;
    if (!enter()) continue;
    if (index < job_workers_) (*job_)(index);
    leave();
  }
}

}  // namespace ink
