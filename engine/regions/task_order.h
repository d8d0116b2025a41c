#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

namespace ink {

// Keeps the tasks of a stage, which many threads take in their order, near each other: a task may begin when
// the one of the step before in its strip has ended, and all that lie `lead` behind it.
class TaskOrder {
 public:
  TaskOrder(int tasks, int strips, int lead)
      : done_(static_cast<size_t>(tasks)), strips_(strips), lead_(lead) {}

  void start_over();
  void await_turn(int task);
  void end(int task);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> done_;
  int first_open_ = 0;  // all before it are done
  const int strips_, lead_;
};

}  // namespace ink
