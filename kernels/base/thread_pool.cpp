#include "kernels/base/thread_pool.h"

#include <algorithm>
#include <system_error>

namespace ink {

ThreadPool& ThreadPool::shared() {
  static ThreadPool pool;
  return pool;
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(int wanted, FunctionRef<void(int, int)> work) {
  const std::lock_guard job(job_);
  int count = 0;
  {
    const std::lock_guard lock(mutex_);
    try {
      while (static_cast<int>(threads_.size()) < wanted - 1) {
        threads_.emplace_back(&ThreadPool::serve, this, static_cast<int>(threads_.size()) + 1);
      }
    } catch (const std::system_error&) {
      // As many as there are will do.
    }
    count = std::min(wanted, static_cast<int>(threads_.size()) + 1);
    work_ = &work;
    count_ = count;
    running_ = count - 1;
    ++generation_;
  }
  start_.notify_all();
  work(0, count);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return running_ == 0; });
}

void ThreadPool::serve(int worker) {
  unsigned long long seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    start_.wait(lock, [&] { return stopping_ || (generation_ != seen && worker < count_ && running_ > 0); });
    if (stopping_) return;
    seen = generation_;
    const FunctionRef<void(int, int)>* work = work_;
    const int count = count_;
    lock.unlock();
    (*work)(worker, count);
    lock.lock();
    if (--running_ == 0) done_.notify_one();
  }
}

}  // namespace ink
