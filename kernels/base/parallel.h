#pragma once

#include <cstdint>

#include "kernels/base/function_ref.h"

namespace ink {

// Runs body(task, worker) for every task in [0, tasks), each once, on at most `threads` workers; worker is in
// [0, threads). Tasks are handed out in order to whichever worker is free, so body must write only outputs
// that belong to its task: then no result depends on the number of threads. Denormals are flushed to zero and
// results rounded to nearest in every worker while it runs, and the caller's floating-point state is as
// before on return. body must not throw, and where it runs on more than one worker it must call parallel_for
// with one thread only.
void parallel_for(int64_t tasks, int threads, FunctionRef<void(int64_t task, int worker)> body);

// The same for a body that is also told the task which its worker has claimed to run after this one, `tasks`
// or more where there is none: it can ask memory for what that one reads.
void parallel_for_ahead(int64_t tasks, int threads,
                        FunctionRef<void(int64_t task, int64_t after, int worker)> body);

// Runs body on this thread while `threads` - 1 workers stand by for each parallel_for that it calls: many
// short loops in a row then cost a wake-up each instead of a parallel region each. Inside another
// with_workers it only calls body. What body throws is thrown on.
void with_workers(int threads, FunctionRef<void()> body);

// Threads that this process may use: the calling thread's CPU affinity, and the container's quota
// (cpu_quota.h) rounded down; at least 1.
int default_threads();

}  // namespace ink
