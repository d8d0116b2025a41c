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
  // Leader: runs job(0) on this thread and meanwhile job(worker) on as many of the workers [1, workers) as
  // come before it returns, workers <= size(); waits for those that came, and for no other: a worker whose
  // core is taken away delays nobody until it has begun. So job(0) alone must see to all of the work.
  void run(int workers, FunctionRef<void(int)> job);
  void dismiss();
  // Worker `index`, from 1 on: runs jobs until it is dismissed.
  void serve(int index);

 private:
  static constexpr int kOpen = 1 << 30;

  bool enter();
  void leave();

  int size_ = 1;
  const FunctionRef<void(int)>* job_ = nullptr;  // this and the next belong to those who have entered
  int job_workers_ = 0;
  // On cache lines of their own: workers poll one while the others write the other.
  alignas(64) std::atomic<uint32_t> generation_{0};
  std::atomic<bool> dismissed_{false};
  alignas(64) std::atomic<int> inside_{0};  // workers in the job, and kOpen while more may enter
};

}  // namespace ink
