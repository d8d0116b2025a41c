#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/base/function_ref.h"

namespace ink {

// The std::thread backend of parallel_for, for builds without OpenMP and for ThreadSanitizer, which does not
// understand the barriers of libgomp. One job runs at a time; a second caller waits for its turn.
class ThreadPool {
 public:
  static ThreadPool& shared();
  ~ThreadPool();

  // Runs work(worker, count) for each worker in [0, count), worker 0 on the calling thread, and waits for
  // all. count is `wanted`, or fewer where the system gives no more threads.
  void run(int wanted, FunctionRef<void(int, int)> work);

 private:
  void serve(int worker);

  std::mutex job_;  // held by the caller whose job runs
  std::mutex mutex_;
  std::condition_variable start_, done_;
  std::vector<std::thread> threads_;
  const FunctionRef<void(int, int)>* work_ = nullptr;
  int count_ = 0, running_ = 0;
  unsigned long long generation_ = 0;
  bool stopping_ = false;
};

}  // namespace ink
