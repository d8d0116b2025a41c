#pragma once

#include <atomic>
#include <cstdint>

#include "kernels/base/function_ref.h"

namespace ink {

// Hands jobs from one leader to workers that stand by. The threads come from elsewhere (OpenMP or
// ThreadPool): each worker calls serve() once, the leader calls run() any number of times and dismiss() at
// the end. Everybody spins for some microseconds and then sleeps in the kernel. The barriers of libgomp spin
// for milliseconds, which is ruinous where other processes want the cores: measured at 60 times the time of
// the whole network with four busy neighbours.
class Team {
 public:
  // Leader, first: how many threads there are, itself included.
  void assemble(int size) { size_ = size; }
  int size() const { return size_; }
  // Leader: runs job(worker) for each worker in [0, workers), workers <= size(), worker 0 on this thread, and
  // waits for all.
  void run(int workers, FunctionRef<void(int)> job);
  void dismiss();
  // Worker `index`, from 1 on: runs jobs until it is dismissed.
  void serve(int index);

 private:
  int size_ = 1;
  const FunctionRef<void(int)>* job_ = nullptr;
  int job_workers_ = 0;  // 0: dismissed
  // On cache lines of their own: workers poll one while the others write the other.
  alignas(64) std::atomic<uint32_t> generation_{0};
  alignas(64) std::atomic<int> finished_{0};
};

}  // namespace ink
