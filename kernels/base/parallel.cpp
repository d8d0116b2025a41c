#include "kernels/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <exception>
#include <memory>
#include <thread>

#include "kernels/base/cpu_quota.h"
#include "kernels/base/denormals.h"
#include "kernels/base/team.h"

#ifdef INK_STD_THREADS
#include "kernels/base/thread_pool.h"
#else
#include <omp.h>
#endif

namespace ink {
namespace {

// CPUs that the calling thread may run on, or 0 where the system does not say.
int allowed_cpus() {
  // The call fails where there are more CPUs than the set has places for.
  for (int places = 1024; places <= 1 << 20; places *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<size_t>(places)),
                                                               [](cpu_set_t* p) { CPU_FREE(p); });
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(places));
    if (set == nullptr) break;
    if (sched_getaffinity(0, bytes, set.get()) == 0) return CPU_COUNT_S(bytes, set.get());
    if (errno != EINVAL) break;
  }
  return 0;
}

// The team whose leader this thread is. Its place is fixed when the library is loaded: position-independent
// code would otherwise call the loader for it.
[[gnu::tls_model("initial-exec")]] thread_local Team* current_team = nullptr;

// Calls work(worker, count) for each worker in [0, count) on a thread of its own, worker 0 on this one. count
// is `wanted`, or fewer where the system or a surrounding parallel region does not give that many threads.
void start_threads(int wanted, FunctionRef<void(int worker, int count)> work) {
#ifdef INK_STD_THREADS
  ThreadPool::shared().run(wanted, work);
#else
#pragma omp parallel num_threads(wanted)
  work(omp_get_thread_num(), omp_get_num_threads());
#endif
}

}  // namespace

void with_workers(int threads, FunctionRef<void()> body) {
  if (threads <= 1 || current_team != nullptr) return body();
  Team team;
  std::exception_ptr thrown;  // an exception must not leave the parallel region
  start_threads(threads, [&](int worker, int count) {
    if (worker != 0) return team.serve(worker);
    team.assemble(count);
    current_team = &team;
    try {
      body();
    } catch (...) {
      thrown = std::current_exception();
    }
    current_team = nullptr;
    team.dismiss();
  });
  if (thrown) std::rethrow_exception(thrown);
}

void parallel_for(int64_t tasks, int threads, FunctionRef<void(int64_t, int)> body) {
  const int limit = current_team == nullptr ? threads : std::min(threads, current_team->size());
  const int workers = static_cast<int>(std::clamp<int64_t>(tasks, 1, std::max(limit, 1)));
  if (workers == 1) {
    const FlushDenormals flush;
    for (int64_t task = 0; task < tasks; ++task) body(task, 0);
    return;
  }
  std::atomic<int64_t> next{0};
  const auto work = [&](int worker) {
    const FlushDenormals flush;
    for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) body(task, worker);
  };
  with_workers(workers, [&] { current_team->run(workers, work); });
}

void parallel_for_ahead(int64_t tasks, int threads, FunctionRef<void(int64_t, int64_t, int)> body) {
  std::atomic<int64_t> unclaimed{0};
  const auto claim = [&] { return unclaimed.fetch_add(1, std::memory_order_relaxed); };
  parallel_for(std::min<int64_t>(threads, tasks), threads, [&](int64_t, int worker) {
    for (int64_t task = claim(); task < tasks;) {
      const int64_t after = claim();
      body(task, after, worker);
      task = after;
    }
  });
}

int default_threads() {
  int allowed = allowed_cpus();
  if (allowed == 0) allowed = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, static_cast<int>(std::min<double>(allowed, std::floor(cpu_quota()))));
}

}  // namespace ink
