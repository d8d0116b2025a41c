#include "engine/regions/task_order.h"

namespace ink {

void TaskOrder::start_over() {
  done_.assign(done_.size(), false);
  first_open_ = 0;
}

void TaskOrder::await_turn(int task) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return first_open_ > task - lead_ && (task < strips_ || done_[static_cast<size_t>(task - strips_)]);
  });
}

void TaskOrder::end(int task) {
  {
    const std::lock_guard lock(mutex_);
    done_[static_cast<size_t>(task)] = true;
    while (first_open_ < static_cast<int>(done_.size()) && done_[static_cast<size_t>(first_open_)])
      ++first_open_;
  }
  changed_.notify_all();
}

}  // namespace ink
