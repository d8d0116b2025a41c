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
  finished_.store(0, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  job(0);
  for (int done = finished_.load(std::memory_order_acquire); done < size_ - 1;)
    done = wait_for_change(finished_, done);
}

void Team::dismiss() {
  job_workers_ = 0;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
}

void Team::serve(int index) {
  for (uint32_t seen = 0;;) {
    seen = wait_for_change(generation_, seen);
    if (job_workers_ == 0) return;
    if (index < job_workers_) (*job_)(index);
    if (finished_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_ - 1) finished_.notify_one();
  }
}

}  // namespace ink
